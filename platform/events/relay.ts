import type { Database } from "../db/database.ts";
import { type Periodic, periodically } from "../db/periodic.ts";
import type { Log } from "../telemetry/log.ts";
import { gather } from "../values/gather.ts";
import type { Broker } from "./broker.ts";
import { claimRows } from "./claims.ts";
import { confirmBatch } from "./confirm.ts";
import type { InboxClient } from "./inbox.ts";
import { createMarking, markPublished, type Sent } from "./mark-published.ts";
import { type OutboxRow, OutboxState } from "./outbox-table.ts";
import { send } from "./send.ts";

// The relay brings each event of the outbox to its consumers, at least once.
//
// An event is a row that its transaction wrote, so it exists exactly when what it says is true.
// The row goes through three states. NEW: it is published until the stream confirms that it stored
// it. PUBLISHED: the services named in the row are asked whether they have handled the event, and
// it is published again while one has not. DONE: it is kept for a week, for the audit.
//
// Asking the consumers, instead of trusting the stream, makes delivery independent of the broker's
// disk: JetStream may lose its whole store, and every event that was not handled comes again.
//
// A row belongs for 10 seconds to the process that wrote it. In that time, `publishSoon` publishes
// it from memory, right after the commit; that is the normal case, and costs no read. Rows that it
// misses, because the process died, its queue was full or the broker was away, are claimed by the
// sweep of any replica, with FOR UPDATE SKIP LOCKED. Marking is deferred and shared by several
// batches. If the process dies before it, the rows are published a second time under the same
// message id, which the stream drops, or under a new one, which the inbox of the consumer drops.

type Relay = {
  /** Publishes rows that have just been committed, without waiting for the next sweep. */
  publishSoon(rows: OutboxRow[]): void;
  /** Publishes what was handed over, then stops and closes the inbox clients. */
  stop(): Promise<void>;
};

type Parts = {
  database: Database;
  broker: Broker;
  /** One client for each service that events name as a consumer. */
  inboxes: Record<string, InboxClient>;
  log: Log;
};

const BATCH = 256;
/** Rows handed over in memory. More are left to the sweep. */
const MAX_WAITING = 10_000;
const SWEEP_EVERY_MS = 1_000;
const CONFIRM_EVERY_MS = 500;
const PRUNE_EVERY_MS = 60_000;
const PRUNE_BATCH = 1_000;
/** Days that the row of a delivered event is kept. Inbox rows outlive it. */
const KEEP_DAYS = 7;

/** Publishes the outbox of this database until `stop`. Any number of replicas may do so at once. */
export function startRelay(parts: Parts): Relay {
  const { database, broker, inboxes, log } = parts;
  const marking = createMarking(parts, BATCH);
  const publishing = gather<OutboxRow, boolean>({
    run: async (rows) => {
      const sent = await publish(parts, rows);
      marking.add(sent);
      return rows.map((row) => sent.get(row) === true);
    },
    maxBatch: BATCH,
    maxQueue: MAX_WAITING,
    maxInFlight: 2,
  });
  const every = (name: string, everyMs: number, work: () => Promise<boolean>): Periodic =>
    periodically({ name, everyMs, log, work });
  const running = [
    every("sweep-outbox", SWEEP_EVERY_MS, () => sweep(parts)),
    every("confirm-outbox", CONFIRM_EVERY_MS, () => confirmBatch(parts)),
    every("prune-outbox", PRUNE_EVERY_MS, () => prune(database)),
  ];
  return {
    publishSoon(rows) {
      // The sweep publishes what is not published here, or fails.
      if (broker.connected()) for (const row of rows) publishing.submit(row).catch(() => {});
    },
    async stop() {
      await publishing.idle();
      await marking.stop();
      await Promise.all(running.map((periodic) => periodic.stop()));
      await releaseClaims(database).catch((error: unknown) => {
        log.debug({ err: error }, "claims not released, they end after their pause");
      });
      for (const inbox of Object.values(inboxes)) inbox.close();
    },
  };
}

/** Publishes rows under their event ids, so that the stream drops a repetition. */
async function publish(parts: Parts, rows: OutboxRow[]): Promise<Sent> {
  const sent = await send(parts, rows, ({ eventId }) => String(eventId));
  return new Map(rows.map((row, index) => [row, sent[index] === true]));
}

async function sweep(parts: Parts): Promise<boolean> {
  const { database, broker } = parts;
  if (!broker.connected()) return false;
  const rows = await claimRows(database, { state: OutboxState.NEW, limit: BATCH });
  if (rows.length > 0) await markPublished(database, await publish(parts, rows));
  return rows.length === BATCH;
}

/**
 * Lets any relay continue at once with the events that are on their way, also after a restart. It
 * releases the claims of other replicas as well, which costs at most a repetition that stream or
 * inbox drops.
 */
async function releaseClaims(database: Database): Promise<void> {
  await database.transact("release-claims", (tx) =>
    tx.change("update outbox set next_at = now(3) where state in (?) and next_at > now(3)", [
      [OutboxState.NEW, OutboxState.PUBLISHED],
    ]),
  );
}

async function prune(database: Database): Promise<boolean> {
  const deleted = await database.transact("prune-outbox", (tx) =>
    tx.change(
      `delete from outbox where state = ? and next_at < now(3) - interval ${KEEP_DAYS} day
       limit ${PRUNE_BATCH}`,
      [OutboxState.DONE],
    ),
  );
  return deleted === PRUNE_BATCH;
}
