import type { Database } from "../db/database.ts";
import { type Periodic, periodically } from "../db/periodic.ts";
import type { Log } from "../telemetry/log.ts";
import { gather } from "../values/gather.ts";
import type { Broker } from "./broker.ts";
import { claimRows } from "./claims.ts";
import { confirmBatch, FIRST_CHECK_MS } from "./confirm.ts";
import type { InboxClient } from "./inbox.ts";
import { type OutboxRow, OutboxState } from "./outbox-table.ts";
import { send } from "./send.ts";

export type Relay = {
  /** Publishes rows that were just committed, without waiting for the next sweep. */
  publishSoon(rows: OutboxRow[]): void;
  stop(): Promise<void>;
};

const { NEW, PUBLISHED, DONE } = OutboxState;
const BATCH = 256;
/** Rows handed over in memory; more are left to the sweep. */
const MAX_WAITING = 10_000;
const SWEEP_EVERY_MS = 1_000;
/** What was published is marked so long afterwards, together: one commit, however many batches it was. */
const MARK_AFTER_MS = 100;
/** What the broker did not take is left alone for so long. */
const REFUSED_PAUSE_MS = 1_000;
const CONFIRM_EVERY_MS = 500;
const PRUNE_EVERY_MS = 60_000;
const PRUNE_BATCH = 1_000;
/** How long a finished event's row is kept, for the audit. Inbox rows outlive it. */
const KEEP_DAYS = 7;

/**
 * Publishes the outbox and sees every event through: new rows are published until the stream has them, and published
 * rows are asked after at the services that must have them, and published again, until none is missing. Replicas share
 * the rows: each takes what it claims with SKIP LOCKED, for a bounded time, and a row of one that died is taken up by
 * another. `inboxes` has one client for each service that events name as a consumer; `stop` closes them.
 */
export function startRelay(options: {
  database: Database;
  broker: Broker;
  inboxes: Record<string, InboxClient>;
  log: Log;
}): Relay {
  const { database, broker, log } = options;
  const marking = markLater(options);
  const publishing = gather<OutboxRow, boolean>({
    run: async (rows) => {
      const sent = await publish(options, rows);
      marking.add(sent);
      return rows.map((row) => sent.get(row) === true);
    },
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
        const rows = await claimRows(database, { state: NEW, limit: BATCH });
        if (rows.length > 0) await mark(database, await publish(options, rows));
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
      await marking.end();
      await Promise.all(work.map((periodic) => periodic.stop()));
      for (const inbox of Object.values(options.inboxes)) inbox.close();
    },
  };
}

type Parts = Parameters<typeof startRelay>[0];

/** For each row whether the stream has it. */
type Sent = Map<OutboxRow, boolean>;

/** Publishes the rows, pipelined. */
async function publish(parts: Parts, rows: OutboxRow[]): Promise<Sent> {
  const sent = await send(parts, rows, (row) => String(row.event_id));
  return new Map(rows.map((row, index) => [row, sent[index] === true]));
}

/**
 * Marks rows a moment after they were published. One that dies before has published them for nothing: they are claimed
 * again, and published under the same message id.
 */
function markLater({ database, log }: Parts): { add(sent: Sent): void; end(): Promise<void> } {
  let waiting: Sent = new Map();
  let timer: NodeJS.Timeout | undefined;
  let marking: Promise<void> = Promise.resolve();
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const rows = waiting;
    waiting = new Map();
    marking = Promise.all([marking, mark(database, rows)]).then(
      () => {},
      (error) => log.debug({ err: error }, "published events are not marked, the sweep has them"),
    );
  };
  return {
    add(sent) {
      for (const [row, isSent] of sent) waiting.set(row, isSent);
      if (waiting.size >= BATCH) flush();
      else timer ??= setTimeout(flush, MARK_AFTER_MS);
    },
    async end() {
      flush();
      await marking;
    },
  };
}

/** Writes down which rows the stream has. */
async function mark(database: Database, sent: Sent): Promise<void> {
  if (sent.size === 0) return;
  const ids = (wanted: boolean) =>
    [...sent].flatMap(([row, isSent]) => (isSent === wanted ? [row.event_id] : []));
  const published = ids(true);
  const refused = ids(false);
  await database.transact("mark-published", async (tx) => {
    if (published.length > 0) {
      await tx.write(
        `update outbox set state = if(consumers = '', ${DONE}, ${PUBLISHED}), publishes = 1,
           publish_time = now(3), next_at = now(3) + interval ${FIRST_CHECK_MS * 1_000} microsecond
         where event_id in (?) and state = ${NEW}`,
        [published],
      );
    }
    if (refused.length > 0) {
      await tx.write(
        `update outbox set next_at = now(3) + interval ${REFUSED_PAUSE_MS * 1_000} microsecond
         where event_id in (?) and state = ${NEW}`,
        [refused],
      );
    }
  });
}

async function prune(database: Database): Promise<boolean> {
  const deleted = await database.transact("prune-outbox", (tx) =>
    tx.change(
      `delete from outbox where state = ${DONE} and next_at < now(3) - interval ${KEEP_DAYS} day limit ${PRUNE_BATCH}`,
    ),
  );
  return deleted === PRUNE_BATCH;
}
