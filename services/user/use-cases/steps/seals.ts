import { createHmac, hkdfSync, type KeyObject, timingSafeEqual } from "node:crypto";

const SHAPE = /^(.+)\.([A-Za-z0-9_-]{43})$/s;
const KEY_BYTES = 32;

export type Seal = {
  /** Appends the proof that the shop wrote the text. Deterministic: every replica writes the same. */
  write(text: string): string;
  /** The text of an authentic token; undefined for any other one. */
  read(token: string): string | undefined;
};

/**
 * Tokens without a secret in the database: an HMAC-SHA256 under a key that HKDF derives from the
 * Ed25519 private key of users' tokens. `purpose` separates it from any other key that is derived
 * from the same private key. Another private key makes all tokens invalid.
 */
export function seal(signing: KeyObject | undefined, purpose: string): Seal {
  const seed = signing?.export({ format: "jwk" }).d;
  if (seed === undefined) {
    throw new Error(
      `a ${purpose} needs the private key of users' tokens: set SHOP_TOKEN_PRIVATE_KEY`,
    );
  }
  const secret = Buffer.from(seed, "base64url");
  const key = Buffer.from(hkdfSync("sha256", secret, "", purpose, KEY_BYTES));
  const macOf = (text: string) => createHmac("sha256", key).update(text).digest("base64url");
  return {
    write: (text) => `${text}.${macOf(text)}`,
    read(token) {
      const [, text, mac] = SHAPE.exec(token) ?? [];
      if (!text || !mac) return undefined;
      // Compares texts, not decoded bytes: several base64url texts decode to the same bytes.
      return timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(text))) ? text : undefined;
    },
  };
}
