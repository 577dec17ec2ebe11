import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { FRESH_SECONDS } from "./limits.ts";

/** The account of the only merchant. */
export const MERCHANT = "jetshop";

type Headers = Record<string, string | string[] | undefined>;

/**
 * The headers that authenticate this content: the raw body, or the path of a request without body.
 * The signature is the HMAC-SHA256 of "<unix seconds>.<content>" in lower-case hexadecimal digits.
 * Requests and callbacks are signed alike.
 */
export function signedHeaders(
  secret: string,
  content: string | Uint8Array,
  nowMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  return {
    "sandbox-merchant": MERCHANT,
    "sandbox-timestamp": timestamp,
    "sandbox-signature": signature(secret, timestamp, content),
  };
}

/** Why this content is not authentic; undefined if it is. */
export function signatureFault(
  secret: string,
  { headers, content, nowMs }: { headers: Headers; content: string | Uint8Array; nowMs: number },
): string | undefined {
  const timestamp = text(headers["sandbox-timestamp"]);
  if (!/^\d{1,12}$/.test(timestamp)) return "no timestamp";
  const wanted = signature(secret, timestamp, content);
  if (!equal(wanted, text(headers["sandbox-signature"]))) return "wrong signature";
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > FRESH_SECONDS) return "stale";
  return text(headers["sandbox-merchant"]) === MERCHANT ? undefined : "unknown merchant";
}

function signature(secret: string, timestamp: string, content: string | Uint8Array): string {
  return createHmac("sha256", secret).update(`${timestamp}.`).update(content).digest("hex");
}

/**
 * Compares in constant time. It compares digests, because timingSafeEqual throws for different
 * lengths.
 */
function equal(one: string, other: string): boolean {
  const [a, b] = [one, other].map((value) => createHash("sha256").update(value).digest());
  return timingSafeEqual(a as Buffer, b as Buffer);
}

function text(value: string | string[] | undefined): string {
  return typeof value === "string" ? value : "";
}
