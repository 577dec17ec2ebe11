import { randomUUID } from "node:crypto";
import type { Database } from "../db/database.ts";
import type { Log } from "../process/log.ts";
import { type Periodic, periodically } from "../process/periodic.ts";
import { gather } from "../values/gather.ts";
import type { Broker } from "./broker.ts";
import { CLAIM_SECONDS, type OutboxRow } from "./outbox.ts";

/** Asks one consuming service which of these events it misses. */
export type InboxClient = (eventIds: bigint[]) => Promise<bigint[]>;

export type Relay = {
  /** Publishes rows that were just committed, without waiting for the next sweep. */
  publishSoon(rows: OutboxRow[]): void;
  stop(): Promise<void>;
};

type PublishedRow = OutboxRow & { publishes: number; age_ms: bigint; since_publish_ms: bigint };

const BATCH = 256;
/** Rows handed over in memory; more are left to the sweep. */
const MAX_WAITING = 10_000;
const SWEEP_EVERY_MS = 1_000;
/** What the broker did not take is left alone for so long. */
const REFUSED_PAUSE_MS = 1_000;
const CONFIRM_EVERY_MS = 500;
const CONFIRM_BATCH = 1_000;
/** The first question comes this long after publishing. */
const FIRST_CHECK_MS = 1_000;
/** An event that its consumer still misses this long after it was published is published again. */
const REPUBLISH_AFTER_MS = 5_000;
/** Questions and repetitions slow down with an event's age, to this at most. */
const MAX_CHECK_PAUSE_MS = 20_000;
const PRUNE_EVERY_MS = 60_000;
const PRUNE_BATCH = 1_000;
/** How long a finished event's row is kept, for the audit. Inbox rows outlive it. */
const KEEP_DAYS = 7;

const COLUMNS = "event_id, fact, event_type, order_id, payload, traceparent, consumers";

/**
 * Publishes the outbox and sees every event through: new rows are published until the stream has them, and published
 * rows are asked after at the services that must have them, and published again, until none is missing. Replicas share
 * the rows: each takes what it claims with SKIP LOCKED, for a bounded time, and a row of one that died is taken up by
 * another. `inboxes` has one client for each service that events name as a consumer.
 */
export function startRelay(options: {
  database: Database;
  broker: Broker;
  inboxes: Record<string, InboxClient>;
  log: Log;
}): Relay {
  const { database, broker, log } = options;
  const publishing = gather<OutboxRow, boolean>({
    run: (rows) => publishBatch(options, rows),
    maxBatch: BATCH,
    maxQueue: MAX_WAITING,
    maxInFlight: 2,
  });
  const work: Periodic[] = [
    periodically({
      name: "sweep-outbox",
      everyMs: SWEEP_EVERY_MS,
      log,
      work: async () => {
        if (!broker.connected()) return false;
        const rows = await claimNew(database);
        if (rows.length > 0) await publishBatch(options, rows);
        return rows.length === BATCH;
      },
    }),
    periodically({
      name: "confirm-outbox",
      everyMs: CONFIRM_EVERY_MS,
      log,
      work: () => confirmBatch(options),
    }),
    periodically({
      name: "prune-outbox",
      everyMs: PRUNE_EVERY_MS,
      log,
      work: () => prune(database),
    }),
  ];
  return {
    publishSoon(rows) {
      // Refused where too many wait, and failed where the broker is away: the sweep has them then.
      if (broker.connected()) for (const row of rows) publishing.submit(row).catch(() => {});
    },
    async stop() {
      await publishing.idle();
      await Promise.all(work.map((periodic) => periodic.stop()));
    },
  };
}

type Parts = Parameters<typeof startRelay>[0];

function claimNew(database: Database): Promise<OutboxRow[]> {
  return database.transact("claim-outbox", async (tx) => {
    const rows = await tx.select<OutboxRow>(
      `select ${COLUMNS} from outbox where state = 1 and next_at <= now(3)
       order by next_at limit ${BATCH} for update skip locked`,
    );
    if (rows.length > 0) {
      await tx.change(
        `update outbox set next_at = now(3) + interval ${CLAIM_SECONDS} second where event_id in (?)`,
        [rows.map((row) => row.event_id)],
      );
    }
    return rows;
  });
}

/** Publishes the rows, pipelined, and marks those that the stream has. Answers for each whether it has. */
async function publishBatch(parts: Parts, rows: OutboxRow[]): Promise<boolean[]> {
  const sent = await send(parts, rows, (row) => String(row.event_id));
  const published = rows.filter((_, index) => sent[index]);
  const refused = rows.filter((_, index) => !sent[index]);
  await parts.database.transact("mark-published", async (tx) => {
    const ids = (of: OutboxRow[]) => of.map((row) => row.event_id);
    if (published.length > 0) {
      await tx.change(
        `update outbox set state = if(consumers = '', 3, 2), publishes = 1, publish_time = now(3),
           next_at = now(3) + interval ${FIRST_CHECK_MS * 1_000} microsecond
         where event_id in (?) and state = 1`,
        [ids(published)],
      );
    }
    if (refused.length > 0) {
      await tx.change(
        `update outbox set next_at = now(3) + interval ${REFUSED_PAUSE_MS * 1_000} microsecond
         where event_id in (?) and state = 1`,
        [ids(refused)],
      );
    }
  });
  return sent;
}

async function send(
  { broker, log }: Parts,
  rows: OutboxRow[],
  messageId: (row: OutboxRow) => string,
): Promise<boolean[]> {
  const outcomes = await Promise.allSettled(
    rows.map((row) =>
      broker.publish({
        fact: row.fact,
        headers: {
          "Nats-Msg-Id": messageId(row),
          "Shop-Event-Id": String(row.event_id),
          "Shop-Event-Type": row.event_type,
          "Shop-Order-Id": String(row.order_id),
          ...(row.traceparent && { traceparent: row.traceparent }),
        },
        body: row.payload,
      }),
    ),
  );
  const failed = outcomes.findIndex((outcome) => outcome.status === "rejected");
  if (failed >= 0) {
    const { reason } = outcomes[failed] as PromiseRejectedResult;
    log.warn(
      { err: reason, of: rows.length },
      "events could not be published, they stay in the outbox",
    );
    // The likely cause that we can mend: a broker that lost its store.
    await broker.ensureStream((rows[failed] as OutboxRow).fact).catch(() => {});
  }
  return outcomes.map((outcome) => outcome.status === "fulfilled");
}

async function confirmBatch(parts: Parts): Promise<boolean> {
  const { database, log } = parts;
  const rows = await claimPublished(database);
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
      await tx.change("update outbox set state = 3, next_at = now(3) where event_id in (?)", [
        ids(done),
      ]);
    }
    for (const [pauseMs, group] of Map.groupBy(waiting, checkPauseMs)) {
      await tx.change(
        "update outbox set next_at = now(3) + interval ? microsecond where event_id in (?) and state = 2",
        [pauseMs * 1_000, ids(group)],
      );
    }
    if (due.length > 0) {
      await tx.change(
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

function claimPublished(database: Database): Promise<PublishedRow[]> {
  return database.transact("claim-published", async (tx) => {
    const rows = await tx.select<PublishedRow>(
      `select ${COLUMNS}, publishes,
         timestampdiff(microsecond, create_time, now(3)) div 1000 as age_ms,
         timestampdiff(microsecond, publish_time, now(3)) div 1000 as since_publish_ms
       from outbox where state = 2 and next_at <= now(3)
       order by next_at limit ${CONFIRM_BATCH} for update skip locked`,
    );
    if (rows.length > 0) {
      await tx.change(
        `update outbox set next_at = now(3) + interval ${CLAIM_SECONDS} second where event_id in (?)`,
        [rows.map((row) => row.event_id)],
      );
    }
    return rows;
  });
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
      const ask = inboxes[consumer];
      if (!ask) throw new Error(`no inbox is configured for the consumer ${consumer}`);
      try {
        for (const id of await ask(ids)) missing.add(id);
      } catch (error) {
        log.warn({ err: error, consumer }, "a consumer cannot be asked for missing events");
        for (const id of ids) unknown.add(id);
      }
    }),
  );
  return { missing, unknown };
}

async function prune(database: Database): Promise<boolean> {
  const deleted = await database.transact("prune-outbox", (tx) =>
    tx.change(
      `delete from outbox where state = 3 and next_at < now(3) - interval ${KEEP_DAYS} day limit ${PRUNE_BATCH}`,
    ),
  );
  return deleted === PRUNE_BATCH;
}
