import { periodically } from "#platform/db/periodic.ts";
import type { Broker } from "#platform/events/broker.ts";
import { type OutboxRow, PUBLISHABLE } from "#platform/events/outbox-table.ts";
import { send } from "#platform/events/send.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { gather } from "#platform/values/gather.ts";
import type { Connections } from "./connections.ts";

export type OutboxEvent = OutboxRow;

export type Relay = {
  /** Publishes events after their commit, without waiting for the sweep. */
  publishSoon(events: OutboxEvent[]): void;
  stop(): Promise<void>;
};

// The limits of the shop's relay.
const BATCH = 256;
const MAX_WAITING = 10_000;
const SWEEP_EVERY_MS = 1_000;
const MARK_PUBLISHED = `update outbox set state = 3, publishes = 1, publish_time = now(3),
  next_at = now(3) where event_id in (?) and state = 1`;
const SELECT_DUE = `select ${PUBLISHABLE.sql} from outbox where state = 1 and next_at <= now(3) order by next_at limit ?`;

/**
 * Publishes the outbox in batches and marks what the stream has stored. A monolith has no consumers
 * that could miss an event, so the rows are complete then. The only process needs no claims on
 * rows.
 */
export function startRelay(options: { connections: Connections; broker: Broker; log: Log }): Relay {
  const { connections, broker, log } = options;
  const publish = async (rows: OutboxEvent[]): Promise<boolean[]> => {
    const sent = await send({ broker, log }, rows, (row) => String(row.eventId));
    const ids = rows.filter((_, index) => sent[index]).map((row) => BigInt(row.eventId));
    if (ids.length > 0) await connections.query(MARK_PUBLISHED, [ids]);
    return sent;
  };
  const publishing = gather({
    run: publish,
    maxBatch: BATCH,
    maxQueue: MAX_WAITING,
    maxInFlight: 2,
  });
  const sweep = periodically({
    name: "sweep-outbox",
    everyMs: SWEEP_EVERY_MS,
    log,
    work: async () => {
      if (!broker.connected()) return false;
      const rows = await connections.query<OutboxEvent>(SELECT_DUE, [BATCH]);
      if (rows.length > 0) await publish(rows);
      return rows.length === BATCH;
    },
  });
  return {
    publishSoon(events) {
      // The sweep publishes what is refused here.
      if (broker.connected()) for (const event of events) publishing.submit(event).catch(() => {});
    },
    async stop() {
      await publishing.idle();
      await sweep.stop();
    },
  };
}
