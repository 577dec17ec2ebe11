import { createHash } from "node:crypto";

/**
 * 32 bytes that stand for the contents of a request, to tell a repeated request id with the same contents from one with
 * others. It lives in rows: the parts of a request keep their order and their kinds for ever, new ones come last.
 */
export function fingerprint(parts: readonly (string | bigint | number | boolean)[]): Buffer {
  const text = JSON.stringify(parts.map((part) => `${typeof part}:${part}`));
  return createHash("sha256").update(text).digest();
}
