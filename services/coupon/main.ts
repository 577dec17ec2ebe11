import { openDatabase } from "#platform/db/database.ts";
import { leaseIdentifiers } from "#platform/db/identifiers.ts";
import { connectBroker } from "#platform/events/broker.ts";
import { startConsumers } from "#platform/events/consumers.ts";
import { inboxImplementation } from "#platform/events/inbox-rpc.ts";
import { createLog } from "#platform/process/log.ts";
import { periodically } from "#platform/process/periodic.ts";
import { runService } from "#platform/process/run.ts";
import { startRpcServer } from "#platform/rpc/server.ts";
import { couponConfig } from "./config.ts";
import { subscriptions } from "./consumers.ts";
import { couponImplementation } from "./rpc.ts";
import { entities } from "./store/entities.ts";
import { Migration20261123Coupon } from "./store/migrations/2026-11-23-coupon.ts";

const SERVICE = "coupon";
/** How soon a database that went away, or came back, shows in the health service. */
const HEALTH_EVERY_MS = 2_000;

/** Starts the service; waits for its database, but not for the broker. `stop` finishes what was accepted. */
export async function start(env: Record<string, string | undefined> = process.env) {
  const config = couponConfig(env);
  const log = createLog(SERVICE, config.logLevel);
  const database = await openDatabase({
    settings: config.mysql,
    entities,
    migrations: [{ name: "2026-11-23-coupon", class: Migration20261123Coupon }],
    name: SERVICE,
    log,
  });
  const identifiers = await leaseIdentifiers(database, { service: SERVICE, log });
  const parts = { database, identifiers };

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
    implementations: [couponImplementation(parts), inboxImplementation(database)],
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
  log.info({ address: server.address }, "coupon serves");

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

if (import.meta.main) runService(start);
