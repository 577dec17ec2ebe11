import { openDatabase } from "#platform/db/database.ts";
import { leaseIdentifiers } from "#platform/db/identifiers.ts";
import { connectBroker } from "#platform/events/broker.ts";
import { startConsumers } from "#platform/events/consumers.ts";
import { inboxImplementation } from "#platform/events/inbox-rpc.ts";
import { createLog } from "#platform/process/log.ts";
import { periodically } from "#platform/process/periodic.ts";
import { runService } from "#platform/process/run.ts";
import { startRpcServer } from "#platform/rpc/server.ts";
import { signToken } from "#platform/rpc/tokens.ts";
import { openPasswordHashes } from "./clients/password-hashes.ts";
import { type UserConfig, userConfig } from "./config.ts";
import { subscriptions } from "./consumers.ts";
import { loginAttempts } from "./domain/login-attempts.ts";
import { FAILED_LOGINS, USER_TOKEN_SECONDS } from "./limits.ts";
import { userImplementation } from "./rpc.ts";
import { entities } from "./store/entities.ts";
import { migrations } from "./store/migrations/index.ts";
import type { AccessToken, Parts } from "./use-cases/parts.ts";

const SERVICE = "user";
/** How soon a database that went away, or came back, shows in the health service. */
const HEALTH_EVERY_MS = 2_000;

/** Starts the service; waits for its database, but not for the broker. `stop` finishes what was accepted. */
export async function start(env: Record<string, string | undefined> = process.env) {
  const config = userConfig(env);
  const log = createLog(SERVICE, config.logLevel);
  const settings = config.mysql;
  const database = await openDatabase({ settings, entities, migrations, name: SERVICE, log });
  const identifiers = await leaseIdentifiers(database, { service: SERVICE, log });
  const parts: Parts = {
    database,
    identifiers,
    passwordHashes: await openPasswordHashes(),
    attempts: loginAttempts(FAILED_LOGINS),
    issueToken: (userId: bigint) => issueToken(config, userId),
    pointsPerUnit: config.pointsPerUnit,
  };

  const { namespace } = config;
  const broker = connectBroker({ ...config.nats, namespace, name: SERVICE, log });
  const consumers = startConsumers({
    database,
    broker,
    service: SERVICE,
    subscriptions: subscriptions(parts),
    log,
  });
  const server = await startRpcServer({
    listen: config.listen,
    tls: config.tls,
    tokens: config.tokens,
    implementations: [userImplementation(parts), inboxImplementation(database)],
    log,
  });
  const health = periodically({
    name: "health",
    everyMs: HEALTH_EVERY_MS,
    log,
    work: async () => {
      server.setServing(await database.check());
      return false;
    },
  });
  log.info({ address: server.address }, "user serves");

  return {
    address: server.address,
    async stop() {
      await health.stop();
      server.setServing(false);
      await server.stop();
      await consumers.stop();
      await identifiers.stop();
      await broker.close();
      await database.close();
    },
  };
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
