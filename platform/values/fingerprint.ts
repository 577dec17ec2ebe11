import { createHash } from "node:crypto";

/**
 * A SHA-256 hash of the contents of a request. It distinguishes a repetition of a request id from
 * another request under the same id. Rows keep it, so the parts of a request must keep their order
 * and types in every later release.
 */
export function fingerprint(parts: readonly (string | bigint | number | boolean)[]): Buffer {
  const text = JSON.stringify(parts.map((part) => `${typeof part}:${part}`));
  return createHash("sha256").update(text).digest();
}
