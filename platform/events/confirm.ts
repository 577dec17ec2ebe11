import { randomUUID } from "node:crypto";
import type { Database } from "../db/database.ts";
import type { Log } from "../telemetry/log.ts";
import type { Broker } from "./broker.ts";
import { claimRows } from "./claims.ts";
import type { InboxClient } from "./inbox.ts";
import { type OutboxRow, OutboxState } from "./outbox-table.ts";
import { send } from "./send.ts";

type Parts = {
  database: Database;
  broker: Broker;
  inboxes: Record<string, InboxClient>;
  log: Log;
};
type PublishedRow = OutboxRow & { publishes: number; age_ms: bigint; since_publish_ms: bigint };

const CONFIRM_BATCH = 1_000;
/** The first question comes this long after publishing. */
export const FIRST_CHECK_MS = 1_000;
/** An event that its consumer still misses this long after it was published is published again. */
const REPUBLISH_AFTER_MS = 5_000;
/** Questions and repetitions slow down with an event's age, to this at most. */
const MAX_CHECK_PAUSE_MS = 20_000;

/**
 * Asks the consumers of published events whether they have them, and publishes again, under fresh message ids, what
 * they miss. Returns whether more are waiting.
 */
export async function confirmBatch(parts: Parts): Promise<boolean> {
  const { database, log } = parts;
  const rows = await claimRows<PublishedRow>(database, {
    state: OutboxState.PUBLISHED,
    limit: CONFIRM_BATCH,
    // A time that lies ahead was written before the clock went back.
    columns: `publishes, abs(timestampdiff(microsecond, create_time, now(3))) div 1000 as age_ms,
      abs(timestampdiff(microsecond, publish_time, now(3))) div 1000 as since_publish_ms`,
  });
  if (rows.length === 0) return false;
  const { missing, unknown } = await askConsumers(parts, rows);
  const isWaiting = ({ event_id }: OutboxRow) => missing.has(event_id) || unknown.has(event_id);
  const waiting = rows.filter(isWaiting);
  const done = rows.filter((row) => !isWaiting(row));
  const due = waiting.filter(
    (row) =>
      missing.has(row.event_id) &&
      row.since_publish_ms >= Math.max(REPUBLISH_AFTER_MS, checkPauseMs(row)),
  );
  if (due.length > 0) {
    log.warn({ events: due.length }, "consumers miss events, publishing them again");
    await send(parts, due, (row) => `${row.event_id}.${randomUUID()}`);
  }
  await database.transact("mark-confirmed", async (tx) => {
    const ids = (of: PublishedRow[]) => of.map((row) => row.event_id);
    if (done.length > 0) {
      await tx.write("update outbox set state = ?, next_at = now(3) where event_id in (?)", [
        OutboxState.DONE,
        ids(done),
      ]);
    }
    for (const [pauseMs, group] of Map.groupBy(waiting, checkPauseMs)) {
      await tx.write(
        "update outbox set next_at = now(3) + interval ? microsecond where event_id in (?) and state = ?",
        [pauseMs * 1_000, ids(group), OutboxState.PUBLISHED],
      );
    }
    if (due.length > 0) {
      await tx.write(
        "update outbox set publishes = publishes + 1, publish_time = now(3) where event_id in (?)",
        [ids(due)],
      );
    }
  });
  return rows.length === CONFIRM_BATCH;
}

/** In steps of a second, so that rows of about one age share a statement. */
function checkPauseMs(row: PublishedRow): number {
  const pauseMs = Math.min(Number(row.age_ms) / 2, MAX_CHECK_PAUSE_MS);
  return Math.max(FIRST_CHECK_MS, Math.floor(pauseMs / 1_000) * 1_000);
}

/** The events that at least one of their consumers misses, and those that could not be asked after. */
async function askConsumers(
  { inboxes, log }: Parts,
  rows: PublishedRow[],
): Promise<{ missing: Set<bigint>; unknown: Set<bigint> }> {
  const questions = new Map<string, bigint[]>();
  for (const row of rows) {
    for (const consumer of row.consumers.split(",")) {
      const ids = questions.get(consumer);
      if (ids) ids.push(row.event_id);
      else questions.set(consumer, [row.event_id]);
    }
  }
  const missing = new Set<bigint>();
  const unknown = new Set<bigint>();
  await Promise.all(
    [...questions].map(async ([consumer, ids]) => {
      const inbox = inboxes[consumer];
      if (!inbox) throw new Error(`no inbox is configured for the consumer ${consumer}`);
      try {
        for (const id of await inbox.missing(ids)) missing.add(id);
      } catch (error) {
        log.warn({ err: error, consumer }, "a consumer cannot be asked for missing events");
        for (const id of ids) unknown.add(id);
      }
    }),
  );
  return { missing, unknown };
}
