import type { MigrationObject } from "@mikro-orm/core";
import type { EntitySchema } from "@mikro-orm/mysql";
import { type Database, openDatabase } from "../db/database.ts";
import { type Identifiers, leaseIdentifiers } from "../db/identifiers.ts";
import { periodically } from "../db/periodic.ts";
import { type Broker, connectBroker } from "../events/broker.ts";
import { startConsumers } from "../events/consumers.ts";
import { inboxImplementation } from "../events/inbox-rpc.ts";
import type { Subscription } from "../events/subscriptions.ts";
import { BROKER_PART } from "../rpc/health.ts";
import { type Implementation, startRpcServer } from "../rpc/server.ts";
import type { ServiceSettings } from "../settings/service-settings.ts";
import { createLog, type Log } from "../telemetry/log.ts";
import type { Running } from "./run.ts";

/** What every service is built on. */
export type Ground = { database: Database; identifiers: Identifiers; broker: Broker; log: Log };

/** The parts of a service. */
export type Built = {
  implementations: Implementation[];
  /** What the service consumes. It then serves InboxService as well. */
  subscriptions?: Subscription[];
  /** Stopped in this order, after the last call has ended. */
  background?: { stop(): Promise<void> }[];
};

/** How often the health service is updated with the state of the database and the broker. */
const HEALTH_EVERY_MS = 2_000;

/**
 * Starts a service: waits for its database but not for the broker, builds its parts and serves
 * them. `stop` refuses new calls, finishes accepted ones, and releases everything in the reverse
 * order.
 */
export async function startService(options: {
  config: ServiceSettings;
  entities: EntitySchema[];
  migrations: MigrationObject[];
  build(ground: Ground): Built | Promise<Built>;
}): Promise<Running & { address: string }> {
  const { config, entities, migrations } = options;
  const { service, serviceNumber, namespace } = config;
  const log = createLog(service, config.logLevel);
  const settings = config.mysql;
  const database = await openDatabase({ settings, entities, migrations, name: service, log });
  const identifiers = await leaseIdentifiers(database, { service, serviceNumber, log });
  const broker = connectBroker({ ...config.nats, namespace, name: service, log });
  const built = await options.build({ database, identifiers, broker, log });
  const { subscriptions = [], background = [] } = built;
  const consumers = startConsumers({ database, broker, service, subscriptions, log });
  const inbox = subscriptions.length > 0 ? [inboxImplementation(database)] : [];
  const server = await startRpcServer({
    listen: config.listen,
    tls: config.tls,
    tokens: config.tokens,
    implementations: [...built.implementations, ...inbox],
    log,
  });
  const health = periodically({
    name: "health",
    everyMs: HEALTH_EVERY_MS,
    log,
    work: async () => {
      server.setPart(BROKER_PART, broker.connected());
      server.setServing(await database.check());
      return false;
    },
  });
  return {
    address: server.address,
    async stop() {
      await health.stop();
      await server.stop();
      for (const part of background) await part.stop();
      await consumers.stop();
      await identifiers.stop();
      await broker.close();
      await database.close();
    },
  };
}
