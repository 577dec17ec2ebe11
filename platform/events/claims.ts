import { isDue } from "../db/clock.ts";
import type { Database } from "../db/database.ts";
import { CLAIM_SECONDS, type OutboxRow, OutboxState } from "./outbox-table.ts";

const COLUMNS = "event_id, fact, event_type, order_id, payload, traceparent, consumers";

/** No row is left alone for longer. */
const LONGEST_PAUSE_MS = 30_000;

/**
 * Takes up rows that are due and that no other replica has: they are this one's for CLAIM_SECONDS, so that rows of one
 * that dies are taken up by another. `columns` are selected besides those of every row.
 */
export function claimRows<T extends OutboxRow = OutboxRow>(
  database: Database,
  wanted: { state: OutboxState; limit: number; columns?: string },
): Promise<T[]> {
  const { state, limit, columns } = wanted;
  const name = state === OutboxState.NEW ? "claim-outbox" : "claim-published";
  return database.transact(name, async (tx) => {
    const rows = await tx.select<T>(
      `select ${COLUMNS}${columns ? `, ${columns}` : ""} from outbox
       where state = ? and ${isDue("next_at", LONGEST_PAUSE_MS)} order by next_at limit ? for update skip locked`,
      [state, limit],
    );
    if (rows.length > 0) {
      await tx.write(
        `update outbox set next_at = now(3) + interval ${CLAIM_SECONDS} second where event_id in (?)`,
        [rows.map((row) => row.event_id)],
      );
    }
    return rows;
  });
}
