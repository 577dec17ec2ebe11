import { periodically } from "#platform/db/periodic.ts";
import { signToken } from "#platform/rpc/tokens.ts";
import { runService } from "#platform/service/run.ts";
import { startService } from "#platform/service/start-service.ts";
import { type UserConfig, userConfig } from "./config.ts";
import { subscriptions } from "./consumers.ts";
import { PRUNE_EVERY_MS, USER_TOKEN_SECONDS } from "./limits.ts";
import { userImplementation } from "./rpc.ts";
import { entities } from "./store/entities.ts";
import { migrations } from "./store/migrations/index.ts";
import type { AccessToken, Parts } from "./use-cases/parts.ts";
import { pruneLoginAttempts } from "./use-cases/prune-attempts.ts";
import { deviceTokens } from "./use-cases/steps/device-tokens.ts";
import { openPasswordHashes } from "./use-cases/steps/password-hashes.ts";
import { refreshTokens } from "./use-cases/steps/refresh-tokens.ts";

function start(env: Record<string, string | undefined> = process.env) {
  const config = userConfig(env);
  return startService({
    config,
    entities,
    migrations,
    async build({ database, identifiers, log }) {
      const parts: Parts = {
        database,
        identifiers,
        passwordHashes: await openPasswordHashes(),
        refreshTokens: refreshTokens(config.tokens.user.signing),
        deviceTokens: deviceTokens(config.tokens.user.signing),
        issueToken: (userId) => issueToken(config, userId),
        defaultCountry: config.defaultCountry,
        pointRate: config.pointRate,
      };
      const prune = () => pruneLoginAttempts(parts);
      return {
        implementations: [userImplementation(parts)],
        subscriptions: subscriptions(parts),
        background: [
          periodically({ name: "prune-logins", everyMs: PRUNE_EVERY_MS, log, work: prune }),
        ],
      };
    },
  });
}

async function issueToken({ tokens }: UserConfig, userId: bigint): Promise<AccessToken> {
  const expireTime = new Date(Date.now() + USER_TOKEN_SECONDS * 1_000);
  const accessToken = await signToken(tokens, {
    role: "user",
    subject: String(userId),
    ttlSeconds: USER_TOKEN_SECONDS,
  });
  return { accessToken, expireTime };
}

if (import.meta.main) runService(start);
