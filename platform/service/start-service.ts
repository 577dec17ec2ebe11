import { setTimeout as pause } from "node:timers/promises";
import type { MigrationObject } from "@mikro-orm/core";
import type { EntitySchema } from "@mikro-orm/mysql";
import { type Database, openDatabase } from "../db/database.ts";
import { type Identifiers, leaseIdentifiers } from "../db/identifiers.ts";
import { type Broker, connectBroker } from "../events/broker.ts";
import { startConsumers } from "../events/consumers.ts";
import { inboxImplementation } from "../events/inbox-rpc.ts";
import type { Subscription } from "../events/subscriptions.ts";
import { BROKER_PART } from "../rpc/health.ts";
import { type Implementation, startRpcServer } from "../rpc/server.ts";
import type { ServiceSettings } from "../settings/service-settings.ts";
import { createLog, type Log } from "../telemetry/log.ts";
import { Outage } from "../values/refusal.ts";
import { unlessAborted } from "../values/unless-aborted.ts";
import { followAbility as follow } from "./follow-ability.ts";
import { type Running, stopSignal as stopping } from "./run.ts";

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

const LEASE_PAUSE_MS = 500;

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
  const name = service;
  const database = await openDatabase({ settings, entities, migrations, name, log, stopping });
  const identifiers = await unlessAborted(
    leaseWhenPossible(database, { service, serviceNumber, log }),
    stopping,
  );
  const broker = connectBroker({ ...config.nats, namespace, name: service, log });
  const built = await options.build({ database, identifiers, broker, log });
  const { subscriptions = [], background = [] } = built;
  const consumers = startConsumers({ database, broker, service, subscriptions, log });
  const inbox = subscriptions.length > 0 ? [inboxImplementation(database)] : [];
  stopping.throwIfAborted();
  const server = await startRpcServer({
    listen: config.listen,
    tls: config.tls,
    tokens: config.tokens,
    implementations: [...built.implementations, ...inbox],
    log,
  });
  // Side by side, since a server that is frozen answers late.
  const checks = [
    follow("database", {
      check: database.check,
      set: (cause) => {
        server.setCause("database", cause);
        server.setServing(cause === undefined);
      },
      log,
    }),
    // Without the broker a service still serves: its events wait in the outbox.
    follow("broker", {
      check: broker.check,
      set: (cause) => {
        server.setCause(BROKER_PART, cause);
        server.setPart(BROKER_PART, cause === undefined);
      },
      log,
    }),
  ];
  return {
    address: server.address,
    async stop() {
      await Promise.all(checks.map((check) => check.stop()));
      await server.stop();
      for (const part of background) await part.stop();
      await consumers.stop();
      await identifiers.stop();
      await broker.close();
      await database.close();
    },
  };
}

/** Leases a worker number as soon as the database answers and has a free one. */
async function leaseWhenPossible(
  database: Database,
  options: Parameters<typeof leaseIdentifiers>[1],
): Promise<Identifiers> {
  for (;;) {
    try {
      return await leaseIdentifiers(database, options);
    } catch (error) {
      if (!(error instanceof Outage)) throw error;
      options.log.warn({ err: error }, "no worker number is leased yet, retrying");
      await pause(LEASE_PAUSE_MS, undefined, { signal: stopping });
    }
  }
}
