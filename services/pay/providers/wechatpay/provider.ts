import { CALLBACK_HEADERS } from "#proto/callbacks.ts";
import { beijingRfc3339 } from "../beijing.ts";
import type { Fields } from "../fields.ts";
import {
  type HttpAnswer,
  type PaymentProvider,
  type ProviderPayment,
  type RefundRequest,
  refundNumber,
  type StoredPayment,
} from "../provider.ts";
import { type Call, callWechatpay, unexpected } from "./client.ts";
import type { WechatpaySettings } from "./config.ts";
import { CNY, descriptionOf, paidOf } from "./messages.ts";
import { readNotice } from "./notices.ts";
import { MAX_REFUNDS, QUERY_AFTER_MS, refundOutcome, SPACING_MS } from "./refunds.ts";
import { signatureFault } from "./signature.ts";
import { fetchWechatpayStatement } from "./statement-file.ts";

const ORDERS = "/v3/pay/transactions";
const REFUNDS = "/v3/refund/domestic/refunds";
/** A code is valid for two hours. */
const CODE_LIVES_MS = 2 * 3_600_000;
/** An order must expire at least a minute after it is opened. */
const SHORTEST_MS = 2 * 60_000;

const NO_ORDER = new Set(["ORDER_NOT_EXIST", "ORDERNOTEXIST"]);

type Settings = WechatpaySettings & { notifyUrl: string };

/**
 * WeChat Pay's API v3 for merchants: Native payments, whose QR code the shopper scans. Source:
 * pay.weixin.qq.com/doc/v3/merchant.
 */
export function wechatpayProvider(settings: Settings): PaymentProvider {
  const { mchid, appid, notifyUrl, verifyKeys } = settings;
  const send = (call: Call) => callWechatpay(settings, call);
  const query = async (payment: StoredPayment): Promise<ProviderPayment> => {
    const call: Call = { method: "GET", target: `${orderPath(payment)}?mchid=${mchid}` };
    const answer = await send(call);
    if (answer.status === 404 && NO_ORDER.has(String(answer.fields.code))) {
      return { state: "not_begun" };
    }
    const { fields } = answer;
    const isThis = fields.out_trade_no === String(payment.paymentId);
    const isOurs = fields.mchid === mchid && fields.appid === appid;
    const found = answer.status === 200 && isThis && isOurs ? paymentOf(fields) : undefined;
    if (!found) throw unexpected(call, answer);
    return found;
  };
  return {
    name: "wechatpay",
    title: { en: "WeChat Pay", zh: "微信支付" },
    checkout: "qr",
    headers: CALLBACK_HEADERS.wechatpay,
    supports: (currency) => currency === CNY,
    refundRules: {
      spacingMs: SPACING_MS,
      maxPerPayment: MAX_REFUNDS,
      queryAfterMs: QUERY_AFTER_MS,
    },
    answers: ANSWERS,

    async open({ paymentId, amountCents, currency, description, createTime, expireTime }) {
      const expireMs = Math.max(expireTime.getTime(), createTime.getTime() + SHORTEST_MS);
      const body = {
        appid,
        mchid,
        description: descriptionOf(description),
        out_trade_no: String(paymentId),
        time_expire: beijingRfc3339(new Date(expireMs)),
        notify_url: notifyUrl,
        amount: { total: amountCents, currency },
      };
      const call: Call = { method: "POST", target: `${ORDERS}/native`, body };
      const answer = await send(call);
      const { code_url: text } = answer.fields;
      if (answer.status !== 200 || typeof text !== "string" || text === "") {
        throw unexpected(call, answer);
      }
      const endMs = Math.min(expireTime.getTime(), Date.now() + CODE_LIVES_MS);
      return { action: { kind: "qr", text, expireTime: new Date(endMs) } };
    },

    readCallback({ headers, body, nowMs }) {
      const fault = signatureFault(verifyKeys, nowMs, { headers, body });
      return fault ? { genuine: false, cause: fault } : readNotice(body, settings);
    },

    query,

    async close(payment) {
      const target = `${orderPath(payment)}/close`;
      const call: Call = { method: "POST", target, body: { mchid } };
      const answer = await send(call);
      if (answer.status === 204) return "closed";
      // No error proves anything: not that the order is closed, and not that it is paid.
      const { state } = await query(payment);
      if (state === "open" && answer.status === 202) return "processing";
      if (state === "open") throw unexpected(call, answer);
      return state;
    },

    async refund(request) {
      const call: Call = { method: "POST", target: REFUNDS, body: refundBody(settings, request) };
      return refundOutcome(call, await send(call), request);
    },

    async queryRefund(request) {
      const target = `${REFUNDS}/${refundNumber(request)}`;
      const call: Call = { method: "GET", target };
      const answer = await send(call);
      if (answer.status === 404) return { state: "unknown" };
      if (answer.status !== 200) throw unexpected(call, answer);
      return refundOutcome(call, answer, request);
    },

    statement: (day) => fetchWechatpayStatement(settings, day),
  };
}

const ANSWERS: PaymentProvider["answers"] = {
  success: { status: 204, contentType: "application/json", body: Buffer.alloc(0) },
  forged: failure(401, "the signature is not valid"),
  refused: failure(400, "the notice contradicts the payment"),
  unknown: failure(404, "the payment is unknown"),
  outage: failure(500, "the notice could not be stored"),
};

function failure(status: number, message: string): HttpAnswer {
  const body = Buffer.from(JSON.stringify({ code: "FAIL", message }));
  return { status, contentType: "application/json", body };
}

function orderPath({ paymentId }: { paymentId: bigint }): string {
  return `${ORDERS}/out-trade-no/${paymentId}`;
}

function refundBody({ notifyUrl }: Settings, request: RefundRequest): object {
  const { payment, amountCents } = request;
  return {
    out_trade_no: String(payment.paymentId),
    out_refund_no: refundNumber(request),
    notify_url: notifyUrl,
    amount: { refund: amountCents, total: payment.amountCents, currency: payment.currency },
  };
}

/** REFUND is the state of an order that was paid and refunded, wholly or in part. */
function paymentOf(fields: Fields): ProviderPayment | undefined {
  switch (fields.trade_state) {
    case "SUCCESS":
    case "REFUND": {
      const paid = paidOf(fields);
      return paid && { state: "paid", ...paid };
    }
    case "NOTPAY":
    case "PAYERROR":
      return { state: "open" };
    case "USERPAYING":
      return { state: "processing" };
    case "CLOSED":
    case "REVOKED":
      return { state: "closed" };
    default:
      return undefined;
  }
}
