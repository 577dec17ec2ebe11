import { Outage } from "#platform/values/refusal.ts";
import { MAX_PLATFORM_ANSWER_BYTES, PLATFORM_TIMEOUT_MS } from "../../limits.ts";
import type { HttpAnswer, PaymentPlatform } from "../provider.ts";
import { complete, parseNotice, parseObject, parsePaid, tradeIdOf } from "./messages.ts";
import { MERCHANT_ID, signatureFault, signatureHeaders } from "./signature.ts";

export type SandboxOptions = {
  /** http://host:port */
  url: string;
  secret: string;
  /** Where the platform sends its callbacks. */
  notifyUrl: string;
};

type Answer = { status: number; fields: Record<string, unknown> };
type Request = { path: string; body?: Record<string, string> };

/** The sandbox of simulators/sandbox, a payment platform to try things on. */
export function sandboxPlatform(options: SandboxOptions): PaymentPlatform {
  const ask = (request: Request) => exchange(options, request);
  return {
    name: "sandbox",
    merchantId: MERCHANT_ID,
    headerPrefix: "sandbox-",
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
      return { tradeId, checkoutUrl };
    },

    readCallback({ headers, body, nowMs }) {
      const fault = signatureFault(options.secret, nowMs, { headers, body });
      if (fault) return { genuine: false, cause: fault };
      const notice = parseNotice(body);
      return notice ? { genuine: true, notice } : { genuine: false, cause: "malformed" };
    },

    async query(paymentId) {
      const answer = await ask({ path: `/v1/payments/${paymentId}` });
      if (answer.status === 404) return { state: "unknown_payment" };
      const { state } = answer.fields;
      const tradeId = tradeIdOf(answer.fields);
      if (answer.status !== 200 || !tradeId) throw unexpected("query", answer);
      if (state === "open" || state === "closed") return { state, tradeId };
      const paid = complete({ state: "paid" as const, tradeId, ...parsePaid(answer.fields) });
      if (state !== "paid" || !paid) throw unexpected("query", answer);
      return paid as Extract<typeof paid, { payTime: Date }>;
    },

    async close(paymentId) {
      const answer = await ask({ path: `/v1/payments/${paymentId}/close`, body: {} });
      if (answer.status === 404) return "unknown_payment";
      const { state } = answer.fields;
      if (answer.status === 200 && (state === "closed" || state === "paid")) return state;
      throw unexpected("close", answer);
    },

    async refund({ refundId, attempt, paymentId, amountCents }) {
      const answer = await ask({
        path: "/v1/refunds",
        body: {
          merchant_refund_id: attempt === 1 ? String(refundId) : `${refundId}-${attempt}`,
          merchant_trade_id: String(paymentId),
          amount_cents: String(amountCents),
        },
      });
      const { state, cause } = answer.fields;
      if (answer.status === 200 && state === "succeeded") return "succeeded";
      if (answer.status === 200 && state === "failed") {
        return { failed: typeof cause === "string" ? cause : "no cause given" };
      }
      // 409 too: it knows the number with other contents, and another number could pay twice.
      throw unexpected("refund", answer);
    },
  };
}

const ANSWERS: PaymentPlatform["answers"] = {
  success: plain(200, "success"),
  forged: plain(401, "failure"),
  refused: plain(400, "failure"),
  unknown: plain(404, "failure"),
  outage: plain(500, "failure"),
};

function plain(status: number, body: string): HttpAnswer {
  return { status, contentType: "text/plain; charset=utf-8", body: Buffer.from(body) };
}

async function exchange({ url, secret }: SandboxOptions, request: Request): Promise<Answer> {
  const { path } = request;
  const body = request.body && JSON.stringify(request.body);
  try {
    const response = await fetch(new URL(path, url), {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...signatureHeaders(secret, Date.now(), body ?? path),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body }),
      redirect: "error",
      signal: AbortSignal.timeout(PLATFORM_TIMEOUT_MS),
    });
    const fields = parseObject(await readBounded(response)) ?? {};
    return { status: response.status, fields };
  } catch (cause) {
    throw cause instanceof Outage ? cause : new Outage("the sandbox does not answer", { cause });
  }
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_PLATFORM_ANSWER_BYTES) throw new Outage("the sandbox's answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unexpected(what: string, { status, fields }: Answer): Outage {
  const state = typeof fields.state === "string" ? fields.state.slice(0, 32) : "none";
  return new Outage(`the sandbox answered ${status}, state ${state}, to ${what}`);
}

/** The shopper's browser goes there: a web address, and one that the row can hold. */
function checkoutUrlOf(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > 2_000) return undefined;
  const url = URL.parse(value);
  return url && (url.protocol === "http:" || url.protocol === "https:") ? url.href : undefined;
}
