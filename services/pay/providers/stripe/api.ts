import { setTimeout as pause } from "node:timers/promises";
import { Outage } from "#platform/values/refusal.ts";
import { exchange } from "../exchange.ts";
import { encodeForm, type Params } from "./form.ts";
import { type Fields, object, parseObject, text } from "./messages.ts";

/**
 * The version of the API whose shapes this provider reads. Requests name it; events come in the
 * version of the account's webhook endpoint, which must be this one or a compatible one.
 */
export const API_VERSION = "2026-10-28.endive";

/** Bytes in an answer. A list of 100 refunds has about 150 KiB. */
const MAX_ANSWER_BYTES = 1_024 * 1_024;
/**
 * Longest pauses before a call is repeated whose idempotency key is in use. Each is shortened at
 * random, so that calls that met once do not meet again.
 */
const CONFLICT_PAUSES_MS = [100, 200, 400, 800, 1_200];

type StripeError = {
  type: string;
  code: string;
  message: string;
};
export type Answer =
  | { ok: true; fields: Fields }
  /** The request was understood and refused, for good. */
  | { ok: false; status: number; error: StripeError };

/**
 * Calls of Stripe's API. Each throws an Outage if its effect is unknown, or if it may succeed
 * later: no answer, a conflict (409), a limit (429), a failure (5xx), or a key that is refused.
 */
export type StripeApi = {
  get(path: string, params?: Params): Promise<Answer>;
  /** With the same key the same call acts once, for 24 hours. */
  post(path: string, params: Params, idempotencyKey?: string): Promise<Answer>;
};

export function stripeApi({ url, secretKey }: { url: string; secretKey: string }): StripeApi {
  const common = { authorization: `Bearer ${secretKey}`, "stripe-version": API_VERSION };

  async function send(path: string, query: string, request: Sent): Promise<Answer> {
    const address = new URL(`${url}${path}${query === "" ? "" : `?${query}`}`);
    for (let conflicts = 0; ; conflicts += 1) {
      const answer = await exchange(address, { ...request, maxBytes: MAX_ANSWER_BYTES });
      const pauseMs = CONFLICT_PAUSES_MS[conflicts];
      if (answer.status !== 409 || pauseMs === undefined) return read(path, answer);
      await pause(pauseMs * (0.5 + Math.random() / 2));
    }
  }

  return {
    get: (path, params = {}) => send(path, encodeForm(params), { headers: common }),
    post: (path, params, idempotencyKey) =>
      send(path, "", {
        headers: {
          ...common,
          "content-type": "application/x-www-form-urlencoded",
          ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
        },
        body: encodeForm(params),
      }),
  };
}

type Sent = { headers: Record<string, string>; body?: string };

function read(path: string, { status, body }: { status: number; body: Uint8Array }): Answer {
  const fields = parseObject(body);
  if (status === 200 && fields) return { ok: true, fields };
  const error = object(fields?.error);
  const shown = {
    type: text(error?.type) ?? "unknown",
    code: text(error?.code) ?? "none",
    message: text(error?.message)?.slice(0, 200) ?? "",
  };
  // What Stripe's documentation says to do again, and what no request can mend: a wrong key.
  const isRefused = [400, 402, 404].includes(status) && error !== undefined;
  if (isRefused) return { ok: false, status, error: shown };
  throw new Outage(`Stripe answered ${path} with status ${status} and code ${shown.code}`);
}

/** An answer that the shop cannot act on. */
export function unexpected(what: string, answer: Answer): Outage {
  const found = answer.ok
    ? "an object that is not what was asked for"
    : `${answer.error.type} ${answer.error.code}: ${answer.error.message}`;
  return new Outage(`Stripe answered ${what} with ${found}`);
}
