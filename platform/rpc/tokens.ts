import type { KeyObject } from "node:crypto";
import { decodeJwt, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import type { TokenSettings } from "#platform/settings/token-settings.ts";
import { MAX_IDENTIFIER } from "#platform/values/amounts.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { Caller } from "./call.ts";

const ISSUER = "jetshop";
const AUDIENCE = "jetshop";
const ALGORITHM = "EdDSA";

/** The largest difference between the clocks of two machines. */
const CLOCK_TOLERANCE_SECONDS = 30;
/** The shop's tokens have a few hundred characters. A longer one is refused unread. */
const MAX_TOKEN_LENGTH = 2_048;
/** Verified tokens in memory: one for each recent caller, about 1 KiB each. */
const MAX_REMEMBERED = 10_000;

const SERVICE_TOKEN_SECONDS = 300;
const SERVICE_TOKEN_RENEWED_AFTER_MS = 240_000;

export type Role = "admin" | "user" | "service";

/**
 * Signs a token. `subject` is the id of a user, or the name of an administrator or a service.
 * Throws if this process has no private key for the role.
 */
export async function signToken(
  keys: TokenSettings,
  claims: { role: Role; subject: string; audience?: string; ttlSeconds: number },
): Promise<string> {
  const { signing } = claims.role === "service" ? keys.service : keys.user;
  if (!signing) {
    throw new Error(`this process has no private key to sign tokens of role ${claims.role}`);
  }
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ role: claims.role })
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
    .setIssuer(ISSUER)
    .setAudience(claims.audience ?? AUDIENCE)
    .setSubject(claims.subject)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + claims.ttlSeconds)
    .sign(signing);
}

export type TokenVerifier = {
  /**
   * The caller that the token names: at once for a known token, else as a promise. Every token that
   * does not verify throws, or rejects with, the same Refusal(UNAUTHENTICATED); only one that the
   * shop signed and that has expired since is Refusal(TOKEN_EXPIRED).
   */
  verify(token: string): Caller | Promise<Caller>;
};

/**
 * Verifies tokens: algorithm (EdDSA only), issuer, audience, validity, and the key of the role. It
 * remembers verified tokens until they expire, so that a caller's next calls cost a map lookup
 * instead of a signature check.
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
    if (token.length > MAX_TOKEN_LENGTH) throw new Error("the token is too long");
    // The role is not proven yet. It only selects the key, and the key must then prove the role.
    const key: KeyObject =
      decodeJwt(token).role === "service" ? keys.service.verifying : keys.user.verifying;
    const { payload } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ["exp", "sub", "role"],
    });
    return { caller: callerOf(payload), payload };
  } catch (error) {
    // jose reports expiry after the signature and the claims before it have been verified.
    if (error instanceof errors.JWTExpired && namesCaller(error.payload)) {
      throw new Refusal(Reason.TOKEN_EXPIRED);
    }
    // One answer for every other cause, so that guessing tokens reveals nothing.
    throw unauthenticated();
  }
}

function namesCaller(payload: JWTPayload): boolean {
  try {
    callerOf(payload);
    return true;
  } catch {
    return false;
  }
}

function callerOf(payload: JWTPayload): Caller {
  const subject = payload.sub ?? "";
  switch (payload.role) {
    case "user": {
      if (!/^[1-9]\d{0,18}$/.test(subject)) throw new Error("the subject is not a user id");
      const userId = BigInt(subject);
      if (userId > MAX_IDENTIFIER) throw new Error("the subject is not a user id");
      return { kind: "user", userId };
    }
    case "admin":
      if (!/^[\x21-\x7e]{1,64}$/.test(subject)) throw new Error("the subject is not a name");
      return { kind: "admin", id: subject };
    case "service":
      if (!/^[a-z][a-z0-9-]{0,31}$/.test(subject)) throw new Error("the subject is not a service");
      return { kind: "service", name: subject };
    default:
      throw new Error("the role is unknown");
  }
}

/** The token in an authorization header. Throws Refusal(UNAUTHENTICATED) for any other scheme. */
export function bearerToken(header: string): string {
  const token = /^bearer (\S+)$/i.exec(header)?.[1];
  if (token === undefined) throw unauthenticated();
  return token;
}

export function unauthenticated(): Refusal {
  return new Refusal(Reason.UNAUTHENTICATED);
}

/**
 * The token with which `service` identifies itself to the other services. It is valid for 5
 * minutes. The function it returns signs a new token every 4 minutes, and otherwise returns the
 * last one.
 */
export function createServiceTokenSource(
  keys: TokenSettings,
  service: string,
): () => Promise<string> {
  let current: Promise<string> | undefined;
  let signedAtMs = 0;
  return () => {
    const age = Date.now() - signedAtMs;
    // After the clock moved back, the age is negative and the token would not be valid yet.
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
