import { createHmac, timingSafeEqual } from "node:crypto";

export const MERCHANT_ID = "jetshop";

/** A signature is valid this long before and after its timestamp. */
const FRESH_MS = 5 * 60_000;

const TIMESTAMP = /^\d{1,12}$/;
const SIGNATURE = /^[0-9a-f]{64}$/;

/** The headers that authenticate `signed`: the raw body, or the path of a request without body. */
export function signatureHeaders(
  secret: string,
  nowMs: number,
  signed: string | Uint8Array,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  return {
    "sandbox-merchant": MERCHANT_ID,
    "sandbox-timestamp": timestamp,
    "sandbox-signature": hmac(secret, timestamp, signed).toString("hex"),
  };
}

/**
 * What is wrong with the signature of a callback; undefined if it is valid and fresh. A time is
 * judged only once it is authenticated.
 */
export function signatureFault(
  secret: string,
  nowMs: number,
  callback: { headers: Readonly<Record<string, string>>; body: Uint8Array },
): "signature" | "stale" | undefined {
  const timestamp = callback.headers["sandbox-timestamp"] ?? "";
  const given = callback.headers["sandbox-signature"] ?? "";
  if (!TIMESTAMP.test(timestamp) || !SIGNATURE.test(given)) return "signature";
  const expected = hmac(secret, timestamp, callback.body);
  // Both have 32 bytes, by the pattern: timingSafeEqual throws for different lengths.
  if (!timingSafeEqual(expected, Buffer.from(given, "hex"))) return "signature";
  return Math.abs(nowMs - Number(timestamp) * 1_000) > FRESH_MS ? "stale" : undefined;
}

/** Both directions sign alike: HMAC-SHA256 over the timestamp, a full stop and the content. */
function hmac(secret: string, timestamp: string, signed: string | Uint8Array): Buffer {
  return createHmac("sha256", secret).update(`${timestamp}.`).update(signed).digest();
}
