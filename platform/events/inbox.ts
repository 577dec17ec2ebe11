import type { Database, Transaction } from "../db/database.ts";
import { type Periodic, periodically } from "../db/periodic.ts";
import { insertRows } from "../db/statements.ts";
import type { Log } from "../telemetry/log.ts";
import { ParkedState } from "./parked.ts";

/** An event as it reached one durable consumer. */
export type Delivery<M> = {
  eventId: bigint;
  /** Name of the durable consumer, "goods_order_v1_cancelled". */
  consumer: string;
  message: M;
  traceparent: string;
};

/** Asks one consuming service which of these events it has not handled. */
export type InboxClient = {
  missing(eventIds: bigint[]): Promise<bigint[]>;
  close(): void;
};

const PRUNE_EVERY_MS = 60_000;
const PRUNE_BATCH = 1_000;
/** Longer than an outbox row is kept and a stream remembers, so that nothing old is ever new again. */
const KEEP_DAYS = 30;

/**
 * Records the events in the inbox, in this transaction, and returns the deliveries to handle: each event that is new
 * here once, in the order of `deliveries`. Two replicas that admit the same event at the same moment collide on its key,
 * and `transact` runs the loser again.
 */
export async function admitEvents<D extends Pick<Delivery<unknown>, "eventId" | "consumer">>(
  tx: Transaction,
  deliveries: readonly D[],
): Promise<D[]> {
  const byKey = new Map<bigint, D>();
  for (const delivery of deliveries) {
    if (!byKey.has(delivery.eventId)) byKey.set(delivery.eventId, delivery);
  }
  if (byKey.size === 0) return [];
  const known = await tx.select<{ event_id: bigint; consumer: string }>(
    "select event_id, consumer from inbox where event_id in (?)",
    [[...byKey.keys()]],
  );
  for (const row of known) {
    if (byKey.get(row.event_id)?.consumer === row.consumer) byKey.delete(row.event_id);
  }
  await insertRows(
    tx,
    "inbox",
    [...byKey.values()].map(({ eventId, consumer }) => ({ event_id: eventId, consumer })),
  );
  return [...byKey.values()];
}

/** Which of these events had no effect in this service yet, and are not parked either. */
export async function missingEvents(
  database: Database,
  eventIds: readonly bigint[],
): Promise<bigint[]> {
  const known = await database.select<{ event_id: bigint }>(
    `select event_id from inbox where event_id in (?)
     union select event_id from parked_messages where event_id in (?) and state = ?`,
    [eventIds, eventIds, ParkedState.PARKED],
  );
  const settled = new Set(known.map((row) => row.event_id));
  return eventIds.filter((id) => !settled.has(id));
}

export function pruneInbox(database: Database, log: Log): Periodic {
  return periodically({
    name: "prune-inbox",
    everyMs: PRUNE_EVERY_MS,
    log,
    work: async () => {
      const deleted = await database.transact("prune-inbox", (tx) =>
        tx.change(
          `delete from inbox where handle_time < now(3) - interval ${KEEP_DAYS} day limit ${PRUNE_BATCH}`,
        ),
      );
      return deleted === PRUNE_BATCH;
    },
  });
}
