import { createDecipheriv } from "node:crypto";
import type { Fields } from "../fields.ts";

const TAG_BYTES = 16;

/**
 * The text of an encrypted resource (AEAD_AES_256_GCM); undefined unless one of the APIv3 keys made
 * it. Each key is tried, because a notice may have been encrypted before the key was changed.
 */
export function decrypt(resource: Fields, apiV3Keys: readonly Buffer[]): string | undefined {
  const { algorithm, ciphertext, nonce } = resource;
  const associated = resource.associated_data ?? "";
  if (algorithm !== "AEAD_AES_256_GCM") return undefined;
  if (typeof ciphertext !== "string" || typeof nonce !== "string") return undefined;
  if (typeof associated !== "string") return undefined;
  const bytes = Buffer.from(ciphertext, "base64");
  if (bytes.length < TAG_BYTES || nonce === "") return undefined;
  for (const key of apiV3Keys) {
    try {
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(associated, "utf8"));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const text = [decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()];
      return Buffer.concat(text).toString("utf8");
    } catch {
      // Another key made it, or none: nothing that does not authenticate gets out.
    }
  }
  return undefined;
}
