import type { KeyObject } from "node:crypto";
import { decodeJwt, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import type { TokenSettings } from "#platform/settings/token-settings.ts";
import { MAX_IDENTIFIER } from "#platform/values/amounts.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { Caller } from "./access.ts";

export const TOKEN_ISSUER = "jetshop";
export const TOKEN_AUDIENCE = "jetshop";
const ALGORITHM = "EdDSA";

/** How far the clocks of two machines may be apart. */
const CLOCK_TOLERANCE_SECONDS = 30;
/** Our own have a few hundred characters; nothing longer is looked at. */
const MAX_TOKEN_LENGTH = 2_048;
/** Verified tokens that are remembered: one for each caller of the last minutes, about a kilobyte each. */
const MAX_REMEMBERED = 10_000;

const SERVICE_TOKEN_SECONDS = 300;
const SERVICE_TOKEN_RENEWED_AFTER_MS = 240_000;

export type Role = "admin" | "user" | "service";

/**
 * A token for a user (subject: the user's id), an administrator or a service (subject: its name). Throws where this
 * process does not have the private key for the role.
 */
export async function signToken(
  keys: TokenSettings,
  claims: { role: Role; subject: string; audience?: string; ttlSeconds: number },
): Promise<string> {
  const { signing } = claims.role === "service" ? keys.service : keys.user;
  if (!signing)
    throw new Error(`this process has no private key for tokens of role ${claims.role}`);
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ role: claims.role })
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
    .setIssuer(TOKEN_ISSUER)
    .setAudience(claims.audience ?? TOKEN_AUDIENCE)
    .setSubject(claims.subject)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + claims.ttlSeconds)
    .sign(signing);
}

export type TokenVerifier = {
  /** Who the token names. A token that does not verify is a Refusal(UNAUTHENTICATED), for whatever cause. */
  verify(token: string): Caller | Promise<Caller>;
};

/**
 * Verifies tokens: EdDSA only, issuer, audience, validity and the key of the role. A token that was verified is
 * remembered until it expires, so a caller's next calls cost a look-up.
 */
export function createTokenVerifier(keys: TokenSettings): TokenVerifier {
  const remembered = new LRUCache<string, { caller: Caller; validUntilMs: number }>({
    max: MAX_REMEMBERED,
  });
  const verifyNew = async (token: string): Promise<Caller> => {
    const { caller, payload } = await verifyToken(token, keys);
    const validUntilMs = ((payload.exp ?? 0) + CLOCK_TOLERANCE_SECONDS) * 1000;
    remembered.set(token, { caller, validUntilMs });
    return caller;
  };
  return {
    verify(token) {
      const known = remembered.get(token);
      if (known && Date.now() < known.validUntilMs) return known.caller;
      return verifyNew(token);
    },
  };
}

async function verifyToken(token: string, keys: TokenSettings) {
  try {
    if (token.length > MAX_TOKEN_LENGTH) throw new Error("too long");
    // The claim is not proven yet. It only chooses the key, and the key must then prove it.
    const key: KeyObject =
      decodeJwt(token).role === "service" ? keys.service.verifying : keys.user.verifying;
    const { payload } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ["exp", "sub", "role"],
    });
    return { caller: callerOf(payload), payload };
  } catch {
    // One answer for every cause: whoever tries tokens learns nothing from it.
    throw unauthenticated();
  }
}

function callerOf(payload: JWTPayload): Caller {
  const subject = payload.sub ?? "";
  switch (payload.role) {
    case "user": {
      if (!/^[1-9]\d{0,18}$/.test(subject)) throw new Error("not a user id");
      const userId = BigInt(subject);
      if (userId > MAX_IDENTIFIER) throw new Error("not a user id");
      return { kind: "user", userId };
    }
    case "admin":
      if (!/^[\x21-\x7e]{1,64}$/.test(subject)) throw new Error("not a name");
      return { kind: "admin", id: subject };
    case "service":
      if (!/^[a-z][a-z0-9-]{0,31}$/.test(subject)) throw new Error("not a service");
      return { kind: "service", name: subject };
    default:
      throw new Error("no such role");
  }
}

export function unauthenticated(): Refusal {
  return new Refusal(Reason.UNAUTHENTICATED);
}

/**
 * The token by which `service` makes itself known to the others. It lives for 5 minutes; one call in 4 minutes signs a
 * new one, the others get it from memory.
 */
export function createServiceTokenSource(
  keys: TokenSettings,
  service: string,
): () => Promise<string> {
  let current: Promise<string> | undefined;
  let signedAtMs = 0;
  return () => {
    const age = Date.now() - signedAtMs;
    // A negative age: the clock went back, and the token would not be valid yet.
    if (!current || age < 0 || age > SERVICE_TOKEN_RENEWED_AFTER_MS) {
      signedAtMs = Date.now();
      current = signToken(keys, {
        role: "service",
        subject: service,
        ttlSeconds: SERVICE_TOKEN_SECONDS,
      });
      current.catch(() => {
        current = undefined;
      });
    }
    return current;
  };
}
