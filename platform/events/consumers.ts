import { setTimeout as pause } from "node:timers/promises";
import type { Database } from "../db/database.ts";
import type { Log } from "../telemetry/log.ts";
import type { Broker } from "./broker.ts";
import { pruneInbox } from "./inbox.ts";
import { pullBatches } from "./pull.ts";
import { restartAfterOutages } from "./restart.ts";
import { settleBatch } from "./settle.ts";
import type { Subscription } from "./subscriptions.ts";

// The consumers of a service: one durable JetStream consumer for each fact it subscribes to, shared
// by all replicas of the service.
//
// Messages are pulled (pull.ts) and handled in batches: everything that has arrived while the last
// batch was handled is the next one, and shares its transaction. An idle consumer handles a message
// at once; a busy one spreads the cost of a commit over up to 256 messages.
//
// A batch ends in one of three ways (settle.ts). Its transaction commits, and every message is
// acknowledged. An outage interrupts it, and every message comes again in two seconds, without
// being counted. Anything else means that one message breaks it: then each message is handled
// alone, and one that still fails comes again after growing pauses, until it is parked at the 8th
// attempt (parked.ts). If others were handled meanwhile, it waits for an operator; if none was, it
// is restarted once another is handled (restart.ts). The failures are counted in the database, because
// a consumer that is created anew starts to count from one.
//
// A message is acknowledged after its commit and never before, so it may come twice but is never
// lost. The inbox (inbox.ts) makes a repetition harmless: the first statement of the transaction
// records the event ids and returns those that are new. Nothing here depends on what the broker
// keeps: streams and consumers that are missing are created, and events that were lost with them
// are published again by the relay of their publisher.

type Parts = { database: Database; broker: Broker; log: Log };

/** The pause after an error, and between checks while the broker is away. */
const RETRY_PAUSE_MS = 500;
/** How often stream and consumer are checked even though no error occurs. */
const CHECK_EVERY_MS = 10_000;

/** Consumes until `stop`, which waits for the batches that are being handled. */
export function startConsumers(
  options: Parts & { service: string; subscriptions: Subscription[] },
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const loops = options.subscriptions.map((subscription) => {
    const durable = durableOf(options.service, subscription.fact);
    return consume(options, { subscription, durable }, stopping.signal);
  });
  const pruning = pruneInbox(options.database, options.log);
  const facts = options.subscriptions.map(({ fact }) => [durableOf(options.service, fact), fact]);
  const restarting = restartAfterOutages(options, new Map(facts as [string, string][]));
  return {
    async stop() {
      stopping.abort();
      await Promise.all([...loops, pruning.stop(), restarting.stop()]);
    },
  };
}

function durableOf(service: string, fact: string): string {
  return `${service}_${fact.replaceAll(".", "_")}`;
}

async function consume(
  parts: Parts,
  consumer: { subscription: Subscription; durable: string },
  stopping: AbortSignal,
): Promise<void> {
  const { subscription, durable } = consumer;
  const rest = () => pause(RETRY_PAUSE_MS, undefined, { signal: stopping }).catch(() => {});
  let failing = false;
  while (!stopping.aborted) {
    try {
      if (!parts.broker.connected()) {
        await rest();
        continue;
      }
      const source = await parts.broker.ensureConsumer(subscription.fact, durable);
      if (failing) parts.log.info({ consumer: durable }, "consuming again");
      failing = false;
      const checkAtMs = Date.now() + CHECK_EVERY_MS;
      while (!stopping.aborted && Date.now() < checkAtMs) {
        await pullBatches(source, stopping, (batch) => settleBatch(parts, consumer, batch));
      }
    } catch (error) {
      if (stopping.aborted) return;
      if (!failing) parts.log.warn({ err: error, consumer: durable }, "cannot consume, retrying");
      failing = true;
      await rest();
    }
  }
}
