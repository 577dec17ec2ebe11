import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { FRESH_SECONDS } from "./limits.ts";

/** The shop's account at the platform. */
export const MERCHANT = "jetshop";

type Headers = Record<string, string | string[] | undefined>;

/**
 * The headers that prove who sent this content: the raw body, or the path where there is no body. The signature is the
 * HMAC-SHA256 of "<unix seconds>.<content>" in small hexadecimal digits. Both sides sign like this.
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

/** Why the content is not the merchant's; undefined where it is. */
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

/** In a time that tells nothing; digests, since the comparison throws for different lengths. */
function equal(one: string, other: string): boolean {
  const [a, b] = [one, other].map((value) => createHash("sha256").update(value).digest());
  return timingSafeEqual(a as Buffer, b as Buffer);
}

function text(value: string | string[] | undefined): string {
  return typeof value === "string" ? value : "";
}
