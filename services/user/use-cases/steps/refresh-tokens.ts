import { createHmac, hkdfSync, type KeyObject, timingSafeEqual } from "node:crypto";
import { MAX_IDENTIFIER } from "#platform/values/amounts.ts";
import type { RefreshClaim } from "../../domain/session.ts";

// v1.<session_id>.<generation>.<mac>; the mac proves that the shop wrote session and generation.
const SHAPE = /^(v1\.([1-9]\d{0,18})\.([1-9]\d{0,18}))\.([A-Za-z0-9_-]{43})$/;
/** Separates this key from any other key that is derived from the same private key. */
const PURPOSE = "jetshop user refresh token v1";
const KEY_BYTES = 32;

export type RefreshTokens = {
  /** Deterministic: every replica writes the same token for the same claim. */
  write(claim: RefreshClaim): string;
  /** The claim of an authentic token; undefined for any other text. */
  read(token: string): RefreshClaim | undefined;
};

/**
 * Refresh tokens without a secret in the database: an HMAC-SHA256 under a key that HKDF derives
 * from the Ed25519 private key of users' tokens. Another private key makes all tokens invalid.
 */
export function refreshTokens(signing: KeyObject | undefined): RefreshTokens {
  const seed = signing?.export({ format: "jwk" }).d;
  if (seed === undefined) {
    throw new Error(
      "refresh tokens need the private key of users' tokens: set SHOP_TOKEN_PRIVATE_KEY",
    );
  }
  const key = Buffer.from(
    hkdfSync("sha256", Buffer.from(seed, "base64url"), "", PURPOSE, KEY_BYTES),
  );
  const macOf = (claim: string) => createHmac("sha256", key).update(claim).digest("base64url");
  return {
    write({ sessionId, generation }) {
      const claim = `v1.${sessionId}.${generation}`;
      return `${claim}.${macOf(claim)}`;
    },
    read(token) {
      const [, claim, sessionId, generation, mac] = SHAPE.exec(token) ?? [];
      if (!claim || !sessionId || !generation || !mac) return undefined;
      // Compares texts, not decoded bytes: several base64url texts decode to the same bytes.
      if (!timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(claim)))) return undefined;
      const found = { sessionId: BigInt(sessionId), generation: BigInt(generation) };
      return found.sessionId <= MAX_IDENTIFIER ? found : undefined;
    },
  };
}
