import type { Notice, RefundNotice } from "../../domain/notice.ts";
import {
  type Fields,
  identifierOf,
  minorUnitsOf,
  objectOf,
  parseObject,
  refundNumberOf,
  tokenOf,
  wordsOf,
} from "../fields.ts";
import type { ReadCallback } from "../provider.ts";
import { decrypt } from "./cipher.ts";
import type { WechatpaySettings } from "./config.ts";
import { CNY, paidOf } from "./messages.ts";

type About = { noticeId: string; event: string };

const MALFORMED: ReadCallback = { genuine: false, cause: "malformed" };

/** Reads a notice whose signature is valid: decrypts it, and compares the account. */
export function readNotice(
  body: Uint8Array,
  { mchid, appid, apiV3Keys }: WechatpaySettings,
): ReadCallback {
  const outer = parseObject(body);
  const resource = objectOf(outer?.resource);
  const noticeId = tokenOf(outer?.id, 128);
  const event = tokenOf(outer?.event_type, 64);
  if (!resource || noticeId === undefined || event === undefined) return MALFORMED;
  const text = decrypt(resource, apiV3Keys);
  const fields = text === undefined ? undefined : parseObject(text);
  if (!fields) return MALFORMED;
  // A notice of a refund names no application.
  const isOurs = fields.mchid === mchid && (fields.appid ?? appid) === appid;
  if (!isOurs) return { genuine: false, cause: "merchant" };
  const notice = noticeOf({ noticeId, event }, fields);
  return notice ? { genuine: true, notice } : MALFORMED;
}

function noticeOf(about: About, fields: Fields): Notice | undefined {
  if (about.event.startsWith("REFUND.")) return refundNotice(about, fields);
  if (!about.event.startsWith("TRANSACTION.")) {
    return { kind: "not_ours", ...about, cause: "not about a payment" };
  }
  const paymentId = identifierOf(fields.out_trade_no);
  if (paymentId === undefined) {
    return { kind: "not_ours", ...about, cause: "its number is none of this shop" };
  }
  if (fields.trade_state !== "SUCCESS") return { kind: "other", ...about, paymentId };
  const paid = fields.appid === undefined ? undefined : paidOf(fields);
  return paid && { kind: "paid", ...about, paymentId, ...paid };
}

/** ABNORMAL is not final: the money waits at WeChat Pay for another card. */
const REFUND_STATES: Record<string, RefundNotice["state"]> = {
  SUCCESS: "succeeded",
  CLOSED: "failed",
  ABNORMAL: "pending",
  PROCESSING: "pending",
};

function refundNotice(about: About, fields: Fields): Notice | undefined {
  const paymentId = identifierOf(fields.out_trade_no);
  if (paymentId === undefined) {
    return { kind: "not_ours", ...about, cause: "its number is none of this shop" };
  }
  const number = tokenOf(fields.out_refund_no);
  const refund = refundNumberOf(number);
  const tradeId = tokenOf(fields.transaction_id);
  const reference = tokenOf(fields.refund_id);
  const state = REFUND_STATES[String(fields.refund_status)];
  const amountCents = minorUnitsOf(objectOf(fields.amount)?.refund);
  if (number === undefined || state === undefined || amountCents === undefined) return undefined;
  return {
    kind: "refund",
    ...about,
    paymentId,
    tradeId,
    refund,
    foreignId: refund ? undefined : number,
    state,
    amountCents,
    currency: CNY,
    ...(reference !== undefined && { reference }),
    ...(state !== "succeeded" && { cause: wordsOf(fields.refund_status) }),
  };
}
