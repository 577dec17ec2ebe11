import { Outage } from "#platform/values/refusal.ts";
import { CALLBACK_HEADERS } from "#proto/callbacks.ts";
import { MAX_CHECKOUT_URL } from "../../limits.ts";
import { beijingTime } from "../beijing.ts";
import { type Fields, tokenOf } from "../fields.ts";
import {
  type CheckoutAction,
  type Closing,
  type Opening,
  type PaymentProvider,
  type ProviderPayment,
  plainAnswer,
  type StoredPayment,
} from "../provider.ts";
import { addressAndBody, callAlipay, requestParams, unexpected } from "./client.ts";
import type { AlipaySettings } from "./config.ts";
import { formOf, parseForm } from "./form.ts";
import { CNY, paidOf, subjectOf, yuan } from "./messages.ts";
import { noticeOf } from "./notices.ts";
import {
  MAX_REFUNDS,
  QUERY_AFTER_MS,
  queriedRefund,
  refundOutcome,
  requestNumber,
  SPACING_MS,
} from "./refunds.ts";
import { isNoticeSigned } from "./signature.ts";
import { fetchAlipayStatement } from "./statement-file.ts";

const PAGE = "alipay.trade.page.pay";
const CODE = "alipay.trade.precreate";
const QUERY = "alipay.trade.query";
const CLOSE = "alipay.trade.close";
const REFUND = "alipay.trade.refund";
const QUERY_REFUND = "alipay.trade.fastpay.refund.query";

const NONE = "ACQ.TRADE_NOT_EXIST";
/** A close is refused like this once the trade is paid or closed. */
const NOT_CLOSABLE = new Set([
  "ACQ.TRADE_STATUS_ERROR",
  "ACQ.REASON_TRADE_STATUS_INVALID",
  "ACQ.REASON_ILLEGAL_STATUS",
  "ACQ.TRADE_HAS_SUCCESS",
]);
/** A code that was not scanned is valid for two hours. */
const CODE_LIVES_MS = 2 * 3_600_000;

type Settings = AlipaySettings & { notifyUrl: string };

/**
 * Alipay's gateway 1.0 with public keys: payments on a computer by link or form, or by QR code.
 *
 * A link or form is made here, without a call. Alipay has the trade once the shopper has logged in
 * or scanned; until then a query and a close find nothing, and the link stays payable until its
 * expiry. The expiry is an absolute time: a relative one starts again with each visit.
 */
export function alipayProvider(settings: Settings): PaymentProvider {
  const call = (method: string, content: Record<string, string>) =>
    callAlipay(settings, { method, content });
  const query = async (payment: StoredPayment) =>
    paymentOf(payment, await call(QUERY, { out_trade_no: numberOf(payment) }));
  return {
    name: "alipay",
    title: { en: "Alipay", zh: "支付宝" },
    checkout: settings.checkout,
    headers: CALLBACK_HEADERS.alipay,
    supports: (currency) => currency === CNY,
    refundRules: {
      spacingMs: SPACING_MS,
      maxPerPayment: MAX_REFUNDS,
      queryAfterMs: QUERY_AFTER_MS,
    },
    answers: ANSWERS,

    async open(opening) {
      const action = settings.checkout === "qr" ? openCode : openPage;
      return { action: await action(settings, opening) };
    },

    readCallback({ body }) {
      const params = parseForm(body);
      if (!params) return { genuine: false, cause: "malformed" };
      const isSigned = isNoticeSigned(params, settings.alipayKeys);
      if (!isSigned) return { genuine: false, cause: "signature" };
      const isOurs = params.app_id === settings.appId && params.seller_id === settings.sellerId;
      if (!isOurs) return { genuine: false, cause: "merchant" };
      const notice = noticeOf(params);
      return notice ? { genuine: true, notice } : { genuine: false, cause: "malformed" };
    },

    query,

    async close(payment) {
      const fields = await call(CLOSE, { out_trade_no: numberOf(payment) });
      if (fields.code === "10000") return "closed";
      if (fields.sub_code === NONE) return "not_begun";
      if (!NOT_CLOSABLE.has(String(fields.sub_code))) throw unexpected(CLOSE, fields);
      return closingOf(await query(payment), fields);
    },

    async refund(request) {
      const fields = await call(REFUND, {
        out_trade_no: numberOf(request.payment),
        refund_amount: yuan(request.amountCents),
        out_request_no: requestNumber(request),
      });
      return refundOutcome(fields);
    },

    async queryRefund(request) {
      const fields = await call(QUERY_REFUND, {
        out_trade_no: numberOf(request.payment),
        out_request_no: requestNumber(request),
      });
      return queriedRefund(fields, { request, method: QUERY_REFUND });
    },

    statement: (day) => fetchAlipayStatement(settings, day),
  };
}

/** Exactly `success`, without a line break: Alipay repeats the notice after anything else. */
const ANSWERS: PaymentProvider["answers"] = {
  success: plainAnswer(200, "success"),
  forged: plainAnswer(401, "fail"),
  refused: plainAnswer(400, "fail"),
  unknown: plainAnswer(404, "fail"),
  outage: plainAnswer(500, "fail"),
};

/** The time of the request is the payment's, so that each repetition makes the same link. */
async function openPage(settings: Settings, opening: Opening): Promise<CheckoutAction> {
  const { createTime: time, returnUrl } = opening;
  const content = { ...contentOf(opening), product_code: "FAST_INSTANT_TRADE_PAY" };
  const { notifyUrl } = settings;
  const params = requestParams(settings, { method: PAGE, content, time, notifyUrl, returnUrl });
  if (settings.checkout === "form") {
    const { address, body } = addressAndBody(settings.url, params);
    return { kind: "form", url: address, fields: body };
  }
  const url = `${settings.url}?${formOf(params)}`;
  if (url.length > MAX_CHECKOUT_URL) throw new Outage(`the link has ${url.length} characters`);
  return { kind: "redirect", url };
}

async function openCode(settings: Settings, opening: Opening): Promise<CheckoutAction> {
  const content = contentOf(opening);
  const { notifyUrl } = settings;
  const fields = await callAlipay(settings, { method: CODE, content, notifyUrl });
  const text = tokenOf(fields.qr_code);
  if (fields.code !== "10000" || text === undefined) throw unexpected(CODE, fields);
  const expireMs = Math.min(opening.expireTime.getTime(), Date.now() + CODE_LIVES_MS);
  return { kind: "qr", text, expireTime: new Date(expireMs) };
}

function contentOf(opening: Opening): Record<string, string> {
  return {
    out_trade_no: numberOf(opening),
    total_amount: yuan(opening.amountCents),
    subject: subjectOf(opening.description),
    time_expire: beijingTime(opening.expireTime),
  };
}

function numberOf({ paymentId }: { paymentId: bigint }): string {
  return String(paymentId);
}

function paymentOf(payment: StoredPayment, fields: Fields): ProviderPayment {
  if (fields.code !== "10000") {
    if (fields.sub_code === NONE) return { state: "not_begun" };
    throw unexpected(QUERY, fields);
  }
  if (fields.out_trade_no !== numberOf(payment)) {
    throw new Outage(`alipay answered ${QUERY} about another payment`);
  }
  const { trade_status: status, send_pay_date: payTime } = fields;
  // A trade that was paid and refunded wholly is closed as well; the time of its payment stays.
  const wasPaid = status === "TRADE_CLOSED" && payTime !== undefined && payTime !== "";
  if (status === "TRADE_SUCCESS" || status === "TRADE_FINISHED" || wasPaid) {
    const paid = paidOf(fields, payTime);
    if (paid) return { state: "paid", ...paid };
  } else if (status === "WAIT_BUYER_PAY") {
    return { state: "open" };
  } else if (status === "TRADE_CLOSED") {
    return { state: "closed" };
  }
  throw unexpected(QUERY, fields);
}

function closingOf({ state }: ProviderPayment, fields: Fields): Closing {
  // Refused as closed or paid, and still open: not believed.
  if (state === "open") throw unexpected(CLOSE, fields);
  return state;
}
