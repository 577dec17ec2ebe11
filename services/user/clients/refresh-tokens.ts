import { createHmac, hkdfSync, type KeyObject, timingSafeEqual } from "node:crypto";
import { MAX_IDENTIFIER } from "#platform/values/amounts.ts";
import type { RefreshClaim } from "../domain/session.ts";

// The session, the generation, and what proves that the shop wrote both: v1.<session_id>.<generation>.<mac>.
const SHAPE = /^(v1\.([1-9]\d{0,18})\.([1-9]\d{0,18}))\.([A-Za-z0-9_-]{43})$/;
/** Keeps the key apart from any other that is ever derived from the same private key. */
const PURPOSE = "jetshop user refresh token v1";
const KEY_BYTES = 32;

export type RefreshTokens = {
  /** The same token for the same claim, from every replica and at any time. */
  write(claim: RefreshClaim): string;
  /** What a token claims, proven; undefined for any text that `write` did not write. */
  read(token: string): RefreshClaim | undefined;
};

/**
 * Refresh tokens that need no secret in the database: an HMAC-SHA256 under a key that HKDF derives from the private
 * key of users' tokens (Ed25519). Another private key makes every session's token void.
 */
export function refreshTokens(signing: KeyObject | undefined): RefreshTokens {
  const seed = signing?.export({ format: "jwk" }).d;
  if (seed === undefined) throw new Error("refresh tokens need the private key of users' tokens");
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
      // The texts are compared, and not the bytes they stand for: base64url can write the same bytes in several ways.
      if (!timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(claim)))) return undefined;
      const found = { sessionId: BigInt(sessionId), generation: BigInt(generation) };
      return found.sessionId <= MAX_IDENTIFIER ? found : undefined;
    },
  };
}
