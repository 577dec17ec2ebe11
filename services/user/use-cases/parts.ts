import type { Database } from "#platform/db/database.ts";
import type { Identifiers } from "#platform/db/identifiers.ts";
import type { PasswordHashes } from "../clients/password-hashes.ts";
import type { LoginAttempts } from "../domain/login-attempts.ts";

export type AccessToken = { accessToken: string; expireTime: Date };

/** What the use cases work with. */
export type Parts = {
  database: Database;
  identifiers: Identifiers;
  passwordHashes: PasswordHashes;
  attempts: LoginAttempts;
  issueToken: (userId: bigint) => Promise<AccessToken>;
  /** Points for each full unit of the currency that an order spent. */
  pointsPerUnit: bigint;
};
