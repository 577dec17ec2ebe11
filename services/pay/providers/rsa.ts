import { type KeyObject, sign, verify } from "node:crypto";

// SHA256withRSA (PKCS #1 v1.5), which Alipay calls RSA2 and WeChat Pay SHA256-RSA2048.

/** The signature of the text's UTF-8 bytes, in Base64. */
export function signText(text: string, privateKey: KeyObject): string {
  return sign("RSA-SHA256", Buffer.from(text, "utf8"), privateKey).toString("base64");
}

/** Whether one of the keys made the signature. It must be Base64 as an encoder writes it. */
export function isSigned(
  content: Uint8Array,
  signature: string,
  keys: Iterable<KeyObject>,
): boolean {
  const bytes = Buffer.from(signature, "base64");
  // Decoding ignores what is not Base64: without this, many texts would be the same signature.
  if (bytes.length === 0 || bytes.toString("base64") !== signature) return false;
  for (const key of keys) if (verify("RSA-SHA256", content, key, bytes)) return true;
  return false;
}
