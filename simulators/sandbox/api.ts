import type { IncomingMessage } from "node:http";
import { type HttpAnswer, HttpProblem } from "#platform/http/answer.ts";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { isCurrency } from "#platform/values/currencies.ts";
import { mayNotify, type NotifyRule } from "../base/notify-rule.ts";
import { closePayment, openPayment, type Payment, paymentOf } from "./ledger.ts";
import { MAX_URL_LENGTH } from "./limits.ts";
import { refund, refundOf } from "./refunds.ts";
import type { Sandbox } from "./sandbox.ts";
import { signatureFault } from "./signature.ts";

type Body = Record<string, unknown>;

export function json(status: number, value: unknown): HttpAnswer {
  const headers = { "content-type": "application/json; charset=utf-8" };
  return { status, headers, body: JSON.stringify(value) };
}

/** Throws 401 unless the merchant signed this content: the raw body, or the path without a body. */
export function checkSignature(
  request: IncomingMessage,
  content: string | Uint8Array,
  secret: string,
): void {
  const { headers } = request;
  const fault = signatureFault(secret, { headers, content, nowMs: Date.now() });
  if (fault !== undefined) throw new HttpProblem(401, fault);
}

/** The object in the body of a request. Throws 415 or 400. */
export function parseBody(request: IncomingMessage, bytes: Uint8Array): Body {
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/json *(;|$)/i.test(type)) {
    throw new HttpProblem(415, "content-type must be application/json");
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new HttpProblem(400, "body must be JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HttpProblem(400, "body must be a JSON object");
  }
  return value as Body;
}

export async function open({ store, config, checkoutUrl }: Sandbox, body: Body) {
  const request = {
    merchantTradeId: id(body, "merchant_trade_id"),
    amountCents: cents(body),
    currency: currency(body),
    notifyUrl: notifyUrl(body, config.notify),
    returnUrl: returnUrl(body),
  };
  const payment = await store.transact((sql) => openPayment(sql, request, Date.now()));
  return json(200, {
    trade_id: payment.tradeId,
    merchant_trade_id: payment.merchantTradeId,
    checkout_url: checkoutUrl(payment.tradeId),
    state: payment.state,
  });
}

export function query({ store }: Sandbox, merchantTradeId: string): HttpAnswer {
  const payment = paymentOf(store.read, merchantTradeId);
  return payment ? json(200, paymentJson(payment)) : unknownPayment();
}

export async function close({ store }: Sandbox, merchantTradeId: string): Promise<HttpAnswer> {
  const state = await store.transact((sql) => closePayment(sql, merchantTradeId, Date.now()));
  return state === undefined ? unknownPayment() : json(200, { state });
}

export async function refundPayment({ store, faults }: Sandbox, body: Body): Promise<HttpAnswer> {
  const request = {
    merchantRefundId: id(body, "merchant_refund_id"),
    merchantTradeId: id(body, "merchant_trade_id"),
    amountCents: cents(body),
  };
  const { refuse_refunds: refuse, pend_refunds: pend } = faults.current;
  const rule = { refuse, pend, nowMs: Date.now() };
  const outcome = await store.transact((sql) => refund(sql, request, rule));
  return outcome === undefined ? unknownPayment() : json(200, outcome);
}

export function queryRefund({ store }: Sandbox, merchantRefundId: string): HttpAnswer {
  const known = refundOf(store.read, merchantRefundId);
  return known ? json(200, known.outcome) : json(404, { error: "unknown refund" });
}

/** A payment as the API and the control interface show it. */
export function paymentJson(payment: Payment) {
  return {
    merchant_trade_id: payment.merchantTradeId,
    trade_id: payment.tradeId,
    state: payment.state,
    amount_cents: String(payment.amountCents),
    currency: payment.currency,
    pay_time: payment.payMs === undefined ? undefined : new Date(payment.payMs).toISOString(),
    refunded_cents: String(payment.refundedCents),
  };
}

export function unknownPayment(): HttpAnswer {
  return json(404, { error: "unknown payment" });
}

function matching(body: Body, name: string, pattern: RegExp): string {
  const value = body[name];
  if (typeof value === "string" && pattern.test(value)) return value;
  throw new HttpProblem(400, `${name} must match ${pattern}`);
}

function id(body: Body, name: string): string {
  return matching(body, name, /^[A-Za-z0-9_-]{1,64}$/);
}

export function cents(body: Body): bigint {
  const value = BigInt(matching(body, "amount_cents", /^[1-9]\d{0,15}$/));
  if (value <= MAX_CENTS) return value;
  throw new HttpProblem(400, `amount_cents must be at most ${MAX_CENTS}`);
}

function currency(body: Body): string {
  const code = matching(body, "currency", /^[A-Z]{3}$/);
  if (isCurrency(code)) return code;
  throw new HttpProblem(400, `currency must be a currency of ISO 4217, not ${code}`);
}

function notifyUrl(body: Body, rule: NotifyRule): string {
  const url = matching(body, "notify_url", new RegExp(`^.{1,${MAX_URL_LENGTH}}$`));
  if (mayNotify(rule, url)) return url;
  throw new HttpProblem(400, "notify_url must be on an origin in SHOP_SANDBOX_NOTIFY_ORIGINS");
}

/** Where the browser goes after the checkout. Optional. */
function returnUrl(body: Body): string {
  if (body.return_url === undefined || body.return_url === "") return "";
  const url = URL.parse(matching(body, "return_url", /^.+$/));
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new HttpProblem(400, "return_url must be a URL that starts with http:// or https://");
  }
  if (url.href.length <= MAX_URL_LENGTH) return url.href;
  throw new HttpProblem(
    400,
    `return_url must have at most ${MAX_URL_LENGTH} characters; percent-encoded it has ${url.href.length}`,
  );
}
