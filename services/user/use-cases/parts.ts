import type { Database } from "#platform/db/database.ts";
import type { Identifiers } from "#platform/db/identifiers.ts";
import type { PointRate } from "../domain/points.ts";
import type { DeviceTokens } from "./steps/device-tokens.ts";
import type { PasswordHashes } from "./steps/password-hashes.ts";
import type { RefreshTokens } from "./steps/refresh-tokens.ts";

export type AccessToken = { accessToken: string; expireTime: Date };

/** What a client gets of a session. At `refreshExpireTime` it has to log in again. */
export type SessionTokens = AccessToken & { refreshToken: string; refreshExpireTime: Date };

/** What every use case gets from `main.ts`. */
export type Parts = {
  database: Database;
  identifiers: Identifiers;
  passwordHashes: PasswordHashes;
  refreshTokens: RefreshTokens;
  deviceTokens: DeviceTokens;
  issueToken: (userId: bigint) => Promise<AccessToken>;
  /** The country of phone numbers without the code of a country; "" for none. */
  defaultCountry: string;
  /** How orders earn points whose events do not say it. */
  pointRate: PointRate;
};
