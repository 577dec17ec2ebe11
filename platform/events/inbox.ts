import { defineEntity, p } from "@mikro-orm/mysql";
import type { Database, Transaction } from "../db/database.ts";
import { type Periodic, periodically } from "../db/periodic.ts";
import { insertRows } from "../db/rows.ts";
import { type RowOf, tableOf } from "../db/tables.ts";
import type { Log } from "../telemetry/log.ts";
import { ParkedState } from "./parked.ts";

/** An event as it reached one durable consumer. */
export type Delivery<M> = {
  eventId: bigint;
  /** The name of the durable consumer: "goods_order_v1_cancelled". */
  consumer: string;
  message: M;
  /** The W3C trace that the event belongs to, or "". */
  traceparent: string;
};

/** Asks one consuming service which of these events it has not handled. */
export type InboxClient = {
  missing(eventIds: bigint[]): Promise<bigint[]>;
  close(): void;
};

export const InboxEntity = defineEntity({
  name: "Inbox",
  tableName: "inbox",
  properties: {
    eventId: p.bigint().primary(),
    consumer: p.string().primary(),
    handleTime: p.datetime(3).defaultRaw("current_timestamp(3)"),
  },
});
const INBOX = tableOf(InboxEntity);
const KNOWN = INBOX.pick("eventId", "consumer");

const PRUNE_EVERY_MS = 60_000;
const PRUNE_BATCH = 1_000;
/**
 * Longer than an outbox row or a stream keeps an event, so that an old event is never new again.
 */
const KEEP_DAYS = 30;

/**
 * Records events as handled, in this transaction, and returns the deliveries to handle: those that
 * are new here, in their order, each event once. Two replicas that admit the same event at the same
 * moment collide on its key, and `transact` runs the slower one again.
 */
export async function admitEvents<D extends Pick<Delivery<unknown>, "eventId" | "consumer">>(
  tx: Transaction,
  deliveries: readonly D[],
): Promise<D[]> {
  const byId = new Map<bigint, D>();
  for (const delivery of deliveries) {
    if (!byId.has(delivery.eventId)) byId.set(delivery.eventId, delivery);
  }
  if (byId.size === 0) return [];
  const known = await tx.select<RowOf<typeof KNOWN>>(
    `select ${KNOWN.sql} from inbox where event_id in (?)`,
    [[...byId.keys()]],
  );
  for (const { eventId, consumer } of known) {
    if (byId.get(eventId)?.consumer === consumer) byId.delete(eventId);
  }
  const admitted = [...byId.values()];
  await insertRows(tx, INBOX, ["eventId", "consumer"], admitted);
  return admitted;
}

/** Which of these events the service has neither handled nor parked. */
export async function missingEvents(
  database: Database,
  eventIds: readonly bigint[],
): Promise<bigint[]> {
  const settled = await database.select<{ eventId: bigint }>(
    `select event_id as eventId from inbox where event_id in (?)
     union select event_id from parked_messages where event_id in (?) and state = ?`,
    [eventIds, eventIds, ParkedState.PARKED],
  );
  const settledIds = new Set(settled.map(({ eventId }) => eventId));
  return eventIds.filter((id) => !settledIds.has(id));
}

/** Deletes inbox rows after KEEP_DAYS, until stopped. */
export function pruneInbox(database: Database, log: Log): Periodic {
  return periodically({
    name: "prune-inbox",
    everyMs: PRUNE_EVERY_MS,
    log,
    work: async () => {
      const deleted = await database.transact("prune-inbox", (tx) =>
        tx.change(
          `delete from inbox where handle_time < now(3) - interval ${KEEP_DAYS} day
           limit ${PRUNE_BATCH}`,
        ),
      );
      return deleted === PRUNE_BATCH;
    },
  });
}
