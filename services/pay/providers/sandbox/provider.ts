import { Outage } from "#platform/values/refusal.ts";
import { CALLBACK_HEADERS } from "#proto/callbacks.ts";
import { MAX_CHECKOUT_URL, MAX_STATEMENT_BYTES, STATEMENT_TIMEOUT_MS } from "../../limits.ts";
import { exchange } from "../exchange.ts";
import {
  type PaymentProvider,
  type ProviderPayment,
  plainAnswer,
  type RefundOutcome,
  refundNumber,
} from "../provider.ts";
import type { SandboxSettings } from "./config.ts";
import { complete, parseNotice, parseObject, parsePaid, tradeIdOf } from "./messages.ts";
import { MERCHANT_ID, signatureFault, signatureHeaders } from "./signature.ts";

type Answer = { status: number; fields: Record<string, unknown> };
type Request = { path: string; body?: Record<string, string> };

/**
 * The sandbox of simulators/sandbox; its README describes the protocol. It calls back at
 * `notifyUrl`.
 */
export function sandboxProvider(options: SandboxSettings & { notifyUrl: string }): PaymentProvider {
  const ask = (request: Request) => sendSigned(options, request);
  return {
    name: "sandbox",
    title: { en: "Sandbox", zh: "沙箱" },
    checkout: "redirect",
    headers: CALLBACK_HEADERS.sandbox,
    supports: () => true,
    refundRules: { spacingMs: 0, maxPerPayment: 1_000, queryAfterMs: 1_000 },
    answers: ANSWERS,

    async open({ paymentId, amountCents, currency, returnUrl }) {
      const answer = await ask({
        path: "/v1/payments",
        body: {
          merchant_trade_id: String(paymentId),
          amount_cents: String(amountCents),
          currency,
          notify_url: options.notifyUrl,
          return_url: returnUrl,
        },
      });
      const tradeId = tradeIdOf(answer.fields);
      const checkoutUrl = checkoutUrlOf(answer.fields.checkout_url);
      if (answer.status !== 200 || !tradeId || !checkoutUrl) throw unexpected("open", answer);
      return { action: { kind: "redirect", url: checkoutUrl }, tradeId };
    },

    readCallback({ headers, body, nowMs }) {
      const fault = signatureFault(options.secret, nowMs, { headers, body });
      if (fault) return { genuine: false, cause: fault };
      const parsed = parseNotice(body);
      if (!parsed) return { genuine: false, cause: "malformed" };
      const { merchantId, notice } = parsed;
      return merchantId === MERCHANT_ID
        ? { genuine: true, notice }
        : { genuine: false, cause: "merchant" };
    },

    async query({ paymentId }) {
      return paymentOf(await ask({ path: `/v1/payments/${paymentId}` }));
    },

    async close({ paymentId }) {
      const answer = await ask({ path: `/v1/payments/${paymentId}/close`, body: {} });
      if (answer.status === 404) return "not_begun";
      const { state } = answer.fields;
      if (answer.status === 200 && (state === "closed" || state === "paid")) return state;
      throw unexpected("close", answer);
    },

    async refund({ payment, amountCents, ...refund }) {
      const answer = await ask({
        path: "/v1/refunds",
        body: {
          merchant_refund_id: refundNumber(refund),
          merchant_trade_id: String(payment.paymentId),
          amount_cents: String(amountCents),
        },
      });
      // 409 included: the sandbox knows the number with other contents. A new number could refund
      // the money twice.
      return refundOutcome("refund", answer);
    },

    async queryRefund(refund) {
      const answer = await ask({ path: `/v1/refunds/${refundNumber(refund)}` });
      if (answer.status === 404) return { state: "unknown" };
      return refundOutcome("query-refund", answer);
    },

    async statement(day) {
      const path = `/v1/statements/${day}`;
      const { status, body } = await exchange(new URL(path, options.url), {
        headers: signatureHeaders(options.secret, Date.now(), path),
        timeoutMs: STATEMENT_TIMEOUT_MS,
        maxBytes: MAX_STATEMENT_BYTES,
      });
      if (status !== 200) throw new Outage(`the sandbox answered statement with status ${status}`);
      return body;
    },
  };
}

const ANSWERS: PaymentProvider["answers"] = {
  success: plainAnswer(200, "success"),
  forged: plainAnswer(401, "failure"),
  refused: plainAnswer(400, "failure"),
  unknown: plainAnswer(404, "failure"),
  outage: plainAnswer(500, "failure"),
};

async function sendSigned(
  { url, secret }: { url: string; secret: string },
  { path, body: fields }: Request,
): Promise<Answer> {
  const body = fields && JSON.stringify(fields);
  const headers = {
    ...signatureHeaders(secret, Date.now(), body ?? path),
    ...(body !== undefined && { "content-type": "application/json" }),
  };
  const answer = await exchange(new URL(path, url), { headers, body });
  return { status: answer.status, fields: parseObject(answer.body) ?? {} };
}

function paymentOf(answer: Answer): ProviderPayment {
  if (answer.status === 404) return { state: "not_begun" };
  const { state } = answer.fields;
  const tradeId = tradeIdOf(answer.fields);
  if (answer.status !== 200 || !tradeId) throw unexpected("query", answer);
  if (state === "open" || state === "closed") return { state };
  const paid = complete({ state: "paid" as const, tradeId, ...parsePaid(answer.fields) });
  if (state !== "paid" || !paid) throw unexpected("query", answer);
  return paid as Extract<ProviderPayment, { state: "paid" }>;
}

function refundOutcome(request: string, answer: Answer): RefundOutcome {
  const { state, cause } = answer.fields;
  if (answer.status === 200 && (state === "succeeded" || state === "pending")) return { state };
  if (answer.status === 200 && state === "failed") {
    return { state, cause: typeof cause === "string" ? cause : "no cause given" };
  }
  throw unexpected(request, answer);
}

function unexpected(request: string, { status, fields }: Answer): Outage {
  const state = typeof fields.state === "string" ? fields.state.slice(0, 32) : "none";
  return new Outage(`the sandbox answered ${request} with status ${status} and state ${state}`);
}

/** Browsers go to this address, so it must be a web address. It must also fit into its column. */
function checkoutUrlOf(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > MAX_CHECKOUT_URL) return undefined;
  const url = URL.parse(value);
  return url && (url.protocol === "http:" || url.protocol === "https:") ? url.href : undefined;
}
