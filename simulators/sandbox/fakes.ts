import type { Notice, NoticeBody } from "./notices.ts";
import { signedHeaders } from "./signature.ts";

/**
 * What can be wrong with a callback. From "amount" on it is signed correctly, as if by a faulty
 * provider.
 */
export const FAKES = [
  "unsigned",
  "wrong_signature",
  "other_body",
  "stale",
  "future",
  "amount",
  "currency",
  "merchant",
  "trade",
  "payment",
  "type",
] as const;
export type Fake = (typeof FAKES)[number];

export type Message = { headers: Record<string, string>; body: Uint8Array };

/** Longer than a signature is valid. */
const SIX_MINUTES_MS = 360_000;

export function genuineMessage(notice: Notice, secret: string, nowMs: number): Message {
  return { headers: signedHeaders(secret, notice.body, nowMs), body: notice.body };
}

/** The notice with one fault. `as` is the payment that a fake of kind "payment" names. */
export function fakeMessage(
  kind: Fake,
  notice: Notice,
  { secret, nowMs, as = "1" }: { secret: string; nowMs: number; as?: string },
): Message {
  const genuine = genuineMessage(notice, secret, nowMs);
  const { "sandbox-signature": _, ...unsigned } = genuine.headers;
  const signed = (changes: Partial<NoticeBody>) => {
    const body = changed(notice.body, changes);
    return { headers: signedHeaders(secret, body, nowMs), body };
  };
  switch (kind) {
    case "unsigned":
      return { ...genuine, headers: unsigned };
    case "wrong_signature":
      return { ...genuine, headers: signedHeaders(`${secret}?`, notice.body, nowMs) };
    case "other_body":
      return { ...genuine, body: changed(notice.body, { amount_cents: more(notice.body) }) };
    case "stale":
      return genuineMessage(notice, secret, nowMs - SIX_MINUTES_MS);
    case "future":
      return genuineMessage(notice, secret, nowMs + SIX_MINUTES_MS);
    case "amount":
      return signed({ amount_cents: more(notice.body) });
    case "currency":
      return signed({ currency: parsed(notice.body).currency === "USD" ? "EUR" : "USD" });
    case "merchant":
      return signed({ merchant_id: "another-merchant" });
    case "trade":
      return signed({ trade_id: `sb${"0".repeat(32)}` });
    case "payment":
      return signed({ merchant_trade_id: as });
    case "type":
      return signed({ type: "payment.pending" });
  }
}

function parsed(body: Uint8Array): NoticeBody {
  return JSON.parse(Buffer.from(body).toString()) as NoticeBody;
}

function changed(body: Uint8Array, changes: Partial<NoticeBody>): Uint8Array {
  return Buffer.from(JSON.stringify({ ...parsed(body), ...changes }));
}

function more(body: Uint8Array): string {
  return String(BigInt(parsed(body).amount_cents) + 1n);
}
