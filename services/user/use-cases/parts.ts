import type { Database } from "#platform/db/database.ts";
import type { Identifiers } from "#platform/db/identifiers.ts";
import type { PasswordHashes } from "../clients/password-hashes.ts";
import type { RefreshTokens } from "../clients/refresh-tokens.ts";
import type { LoginAttempts } from "../domain/login-attempts.ts";

export type AccessToken = { accessToken: string; expireTime: Date };

/** What a client holds of a session: `refreshExpireTime` is when it has to log in again. */
export type SessionTokens = AccessToken & { refreshToken: string; refreshExpireTime: Date };

/** What the use cases work with. */
export type Parts = {
  database: Database;
  identifiers: Identifiers;
  passwordHashes: PasswordHashes;
  attempts: LoginAttempts;
  refreshTokens: RefreshTokens;
  issueToken: (userId: bigint) => Promise<AccessToken>;
  /** Points for each full unit of the currency that an order spent. */
  pointsPerUnit: bigint;
};
