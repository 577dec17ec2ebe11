import { createHmac, timingSafeEqual } from "node:crypto";

export const MERCHANT_ID = "jetshop";

/** How far the timestamp of a signature may be from our clock, either way. */
const FRESH_MS = 5 * 60_000;

const TIMESTAMP = /^\d{1,12}$/;
const SIGNATURE = /^[0-9a-f]{64}$/;

/** Both directions sign alike: hex HMAC-SHA256 over timestamp, a dot, and the raw body (of a GET: the path). */
export function signature(secret: string, timestamp: string, signed: string | Uint8Array): string {
  return hmac(secret, timestamp, signed).toString("hex");
}

/** The headers that prove who sends `signed` at this moment. */
export function signatureHeaders(
  secret: string,
  nowMs: number,
  signed: string | Uint8Array,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  return {
    "sandbox-merchant": MERCHANT_ID,
    "sandbox-timestamp": timestamp,
    "sandbox-signature": signature(secret, timestamp, signed),
  };
}

/** Undefined where the signature is right and fresh. Whether it is right comes first: only then its time means much. */
export function signatureFault(
  secret: string,
  nowMs: number,
  callback: { headers: Readonly<Record<string, string>>; body: Uint8Array },
): "signature" | "stale" | undefined {
  const timestamp = callback.headers["sandbox-timestamp"] ?? "";
  const given = callback.headers["sandbox-signature"] ?? "";
  if (!TIMESTAMP.test(timestamp) || !SIGNATURE.test(given)) return "signature";
  const expected = hmac(secret, timestamp, callback.body);
  // The pattern makes both 32 bytes: of unequal lengths timingSafeEqual throws.
  if (!timingSafeEqual(expected, Buffer.from(given, "hex"))) return "signature";
  return Math.abs(nowMs - Number(timestamp) * 1_000) > FRESH_MS ? "stale" : undefined;
}

function hmac(secret: string, timestamp: string, signed: string | Uint8Array): Buffer {
  return createHmac("sha256", secret).update(`${timestamp}.`).update(signed).digest();
}
