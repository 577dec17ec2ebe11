import { createHmac, timingSafeEqual } from "node:crypto";

/** A signature is valid this long before and after its timestamp. */
const FRESH_MS = 5 * 60_000;

const TIMESTAMP = /^\d{1,12}$/;
const SIGNATURE = /^[0-9a-f]{64}$/;

/**
 * What is wrong with the signature of a callback; undefined if it is valid and fresh. The header
 * holds a timestamp and one signature for each secret that is valid at Stripe; while a secret is
 * rolled these are two. Any of them may be made with any secret of the shop. A time is judged only
 * once it is authenticated, and unlike in Stripe's own libraries a time in the future counts too.
 *
 * Source: docs.stripe.com/webhooks, "Verify webhook signatures manually".
 */
export function signatureFault(
  secrets: readonly string[],
  nowMs: number,
  { header, body }: { header: string | undefined; body: Uint8Array },
): "signature" | "stale" | undefined {
  const { timestamp, signatures } = parseHeader(header ?? "");
  if (timestamp === undefined) return "signature";
  const expected = secrets.map((secret) =>
    createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest(),
  );
  // Compares each with each, so that the time does not show which one fits.
  const matches = signatures.flatMap((given) =>
    expected.filter((one) => timingSafeEqual(one, given)),
  );
  if (matches.length === 0) return "signature";
  return Math.abs(nowMs - Number(timestamp) * 1_000) > FRESH_MS ? "stale" : undefined;
}

/** `t=1700000000,v1=…,v1=…,v0=…`: other schemes than v1 are ignored. */
function parseHeader(header: string): { timestamp: string | undefined; signatures: Buffer[] } {
  const parts = header.split(",").map((part) => {
    const at = part.indexOf("=");
    return { name: part.slice(0, at), value: part.slice(at + 1) };
  });
  const times = parts.filter(({ name }) => name === "t").map(({ value }) => value);
  const [timestamp = ""] = times;
  const isValid = times.length === 1 && TIMESTAMP.test(timestamp);
  return {
    timestamp: isValid ? timestamp : undefined,
    signatures: parts.flatMap(({ name, value }) =>
      name === "v1" && SIGNATURE.test(value) ? [Buffer.from(value, "hex")] : [],
    ),
  };
}
