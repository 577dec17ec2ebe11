import { randomUUID } from "node:crypto";
import type { Database, Transaction } from "../db/database.ts";
import type { Log } from "../telemetry/log.ts";
import type { Broker } from "./broker.ts";
import { claimRows } from "./claims.ts";
import type { InboxClient } from "./inbox.ts";
import { type OutboxRow, OutboxState } from "./outbox-table.ts";
import { send } from "./send.ts";

type Parts = {
  database: Database;
  broker: Broker;
  /** By the name of the consuming service. */
  inboxes: Record<string, InboxClient>;
  log: Log;
};
type PublishedRow = OutboxRow & { publishes: number; ageMs: bigint; sincePublishMs: bigint };

const CONFIRM_BATCH = 1_000;
/** The pause between publishing an event and the first question whether it was handled. */
export const FIRST_CHECK_MS = 1_000;
/** An event that a consumer still misses after this is published again. */
const REPUBLISH_AFTER_MS = 5_000;
/** The pause between two questions grows with the age of the event, up to this. */
const MAX_CHECK_PAUSE_MS = 20_000;

/** The age of a row and of its last publication. Absolute, because the clock may be set back. */
const AGES = `publishes, abs(timestampdiff(microsecond, create_time, now(3))) div 1000 as ageMs,
  abs(timestampdiff(microsecond, publish_time, now(3))) div 1000 as sincePublishMs`;

/**
 * Asks the consumers of published events which of them they have not handled, and publishes those
 * again, under new message ids so that the stream does not take them for duplicates. Events that
 * all consumers have handled are done. Returns whether more events are due.
 */
export async function confirmBatch(parts: Parts): Promise<boolean> {
  const rows = await claimRows<PublishedRow>(parts.database, {
    state: OutboxState.PUBLISHED,
    limit: CONFIRM_BATCH,
    columns: AGES,
  });
  if (rows.length === 0) return false;
  const { missing, unknown } = await askConsumers(parts, rows);
  const isWaiting = ({ eventId }: OutboxRow) => missing.has(eventId) || unknown.has(eventId);
  const waiting = rows.filter(isWaiting);
  const done = rows.filter((row) => !isWaiting(row));
  const republished = waiting.filter((row) => {
    const dueAfterMs = Math.max(REPUBLISH_AFTER_MS, checkPauseMs(row));
    return missing.has(row.eventId) && row.sincePublishMs >= dueAfterMs;
  });
  if (republished.length > 0) {
    parts.log.warn({ events: republished.length }, "consumers miss events, publishing them again");
    await send(parts, republished, ({ eventId }) => `${eventId}.${randomUUID()}`);
  }
  await parts.database.transact("mark-confirmed", (tx) =>
    markConfirmed(tx, { done, waiting, republished }),
  );
  return rows.length === CONFIRM_BATCH;
}

async function markConfirmed(
  tx: Transaction,
  { done, waiting, republished }: Record<"done" | "waiting" | "republished", PublishedRow[]>,
): Promise<void> {
  const ids = (rows: PublishedRow[]) => rows.map(({ eventId }) => eventId);
  if (done.length > 0) {
    await tx.write("update outbox set state = ?, next_at = now(3) where event_id in (?)", [
      OutboxState.DONE,
      ids(done),
    ]);
  }
  for (const [pauseMs, group] of Map.groupBy(waiting, checkPauseMs)) {
    await tx.write(
      `update outbox set next_at = now(3) + interval ? microsecond
       where event_id in (?) and state = ?`,
      [pauseMs * 1_000, ids(group), OutboxState.PUBLISHED],
    );
  }
  if (republished.length > 0) {
    await tx.write(
      `update outbox set publishes = publishes + 1, publish_time = now(3)
       where event_id in (?)`,
      [ids(republished)],
    );
  }
}

/** Half the age of the event, in whole seconds, so that rows of about one age share a statement. */
function checkPauseMs({ ageMs }: PublishedRow): number {
  const pauseMs = Math.min(Number(ageMs) / 2, MAX_CHECK_PAUSE_MS);
  return Math.max(FIRST_CHECK_MS, Math.floor(pauseMs / 1_000) * 1_000);
}

/** The events that a consumer has not handled, and those whose consumer did not answer. */
async function askConsumers(
  { inboxes, log }: Parts,
  rows: PublishedRow[],
): Promise<{ missing: Set<bigint>; unknown: Set<bigint> }> {
  const asked = Map.groupBy(
    rows.flatMap(({ eventId, consumers }) =>
      consumers.split(",").map((consumer) => ({ eventId, consumer })),
    ),
    ({ consumer }) => consumer,
  );
  const missing = new Set<bigint>();
  const unknown = new Set<bigint>();
  await Promise.all(
    Array.from(asked, async ([consumer, events]) => {
      const inbox = inboxes[consumer];
      if (!inbox) throw new Error(`there is no inbox client for the consumer ${consumer}`);
      const eventIds = events.map(({ eventId }) => eventId);
      try {
        for (const id of await inbox.missing(eventIds)) missing.add(id);
      } catch (error) {
        log.warn({ err: error, consumer }, "a consumer did not say which events it misses");
        for (const id of eventIds) unknown.add(id);
      }
    }),
  );
  return { missing, unknown };
}
