import { createSign, createVerify } from "node:crypto";

/** The signed text: `name=value`, sorted by name, joined by `&`, not encoded, without `sign`. */
export function signedText(params: Record<string, string>, without: string[] = ["sign"]): string {
  return Object.keys(params)
    .filter((name) => !without.includes(name))
    .sort()
    .map((name) => `${name}=${params[name]}`)
    .join("&");
}

/** RSA2: Base64 of SHA256withRSA. */
export function sign(text: string, privateKey: string): string {
  return createSign("RSA-SHA256").update(text, "utf8").sign(privateKey, "base64");
}

export function isSigned(text: string, signature: string, publicKey: string): boolean {
  return createVerify("RSA-SHA256").update(text, "utf8").verify(publicKey, signature, "base64");
}

/** A signature that has the form of a genuine one, and is none. */
export function wrongSignature(signature: string): string {
  return Buffer.from(signature, "base64").reverse().toString("base64");
}
