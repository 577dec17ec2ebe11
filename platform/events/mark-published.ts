import type { Database } from "../db/database.ts";
import type { Log } from "../telemetry/log.ts";
import { FIRST_CHECK_MS } from "./confirm.ts";
import { type OutboxRow, OutboxState } from "./outbox-table.ts";

/** For each row whether the stream has stored its event. */
export type Sent = Map<OutboxRow, boolean>;

type Marking = {
  /** Marks these rows within MARK_AFTER_MS. */
  add(sent: Sent): void;
  /** Marks what is still waiting. */
  stop(): Promise<void>;
};

const { NEW, PUBLISHED, DONE } = OutboxState;
/** How long rows wait, so that one commit marks several batches. */
const MARK_AFTER_MS = 100;
/** The pause before a row is claimed again that the stream did not store. */
const REFUSED_PAUSE_MS = 1_000;

/** Marks rows together: `batch` of them at once, fewer after a moment. A failure is only logged. */
export function createMarking(
  { database, log }: { database: Database; log: Log },
  batch: number,
): Marking {
  let waiting: Sent = new Map();
  let timer: NodeJS.Timeout | undefined;
  let marking: Promise<void> = Promise.resolve();
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const rows = waiting;
    waiting = new Map();
    marking = Promise.all([marking, markPublished(database, rows)]).then(
      () => {},
      (error) => log.debug({ err: error }, "published events not marked, the sweep repeats them"),
    );
  };
  return {
    add(sent) {
      for (const [row, isSent] of sent) waiting.set(row, isSent);
      if (waiting.size >= batch) flush();
      else timer ??= setTimeout(flush, MARK_AFTER_MS);
    },
    async stop() {
      flush();
      await marking;
    },
  };
}

/** Writes which events are in the stream. An event without consumers is then done. */
export async function markPublished(database: Database, sent: Sent): Promise<void> {
  if (sent.size === 0) return;
  const ids = (wanted: boolean) =>
    [...sent].flatMap(([row, isSent]) => (isSent === wanted ? [row.eventId] : []));
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
