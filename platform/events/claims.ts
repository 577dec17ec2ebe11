import { isDue } from "../db/clock.ts";
import type { Database } from "../db/database.ts";
import { CLAIM_SECONDS, type OutboxRow, OutboxState, PUBLISHABLE } from "./outbox-table.ts";

/** The longest pause that anything puts into `next_at`. */
const MAX_PAUSE_MS = 30_000;

/**
 * Claims rows that are due, oldest first, past those that another relay is claiming at the moment.
 * A claim lasts CLAIM_SECONDS; after that, for example because the process died, any relay may
 * claim the row again. `columns` selects further columns.
 */
export function claimRows<T extends OutboxRow = OutboxRow>(
  database: Database,
  wanted: { state: OutboxState; limit: number; columns?: string },
): Promise<T[]> {
  const { state, limit, columns } = wanted;
  const name = state === OutboxState.NEW ? "claim-outbox" : "claim-published";
  return database.transact(name, async (tx) => {
    const rows = await tx.select<T>(
      `select ${PUBLISHABLE.sql}${columns ? `, ${columns}` : ""} from outbox
       where state = ? and ${isDue("next_at", MAX_PAUSE_MS)}
       order by next_at limit ? for update skip locked`,
      [state, limit],
    );
    if (rows.length > 0) {
      await tx.write(
        `update outbox set next_at = now(3) + interval ${CLAIM_SECONDS} second
         where event_id in (?)`,
        [rows.map(({ eventId }) => eventId)],
      );
    }
    return rows;
  });
}
