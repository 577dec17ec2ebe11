import type { Transaction } from "#platform/db/database.ts";
import { literal, NOW } from "#platform/db/sql.ts";
import type { RowOf } from "#platform/db/tables.ts";
import type { Failures } from "../domain/login-limits.ts";
import { LOGIN_ATTEMPTS } from "./entities.ts";

/** The origin that stands for all unknown ones. */
export const ALL_ORIGINS = "*";

type Row = RowOf<typeof LOGIN_ATTEMPTS>;
export type AttemptKey = Pick<Row, "nameKey" | "origin">;

/**
 * Locks the counts of a name from these origins until the transaction ends, and makes those that
 * are missing. Returns them by origin, with the database's time.
 */
export async function lockAttempts(
  tx: Transaction,
  nameKey: string,
  origins: readonly string[],
): Promise<{ counts: Map<string, Failures>; now: Date }> {
  const rows = origins.toSorted().map((origin) => {
    return `(${literal(nameKey)}, ${literal(origin)}, 0, ${literal(NOW)}, from_unixtime(1))`;
  });
  await tx.write(
    `insert into login_attempts (name_key, origin, failures, window_start, last_time)
     values ${rows.join(", ")} on duplicate key update failures = failures`,
  );
  const found = await tx.select<Row & { now: Date }>(
    `select ${LOGIN_ATTEMPTS.sql}, now(3) as now from login_attempts
     where name_key = ? and origin in (?) for update`,
    [nameKey, origins],
  );
  const [first] = found;
  if (!first) throw new Error("the counts of a login that were just inserted cannot be read");
  return { counts: new Map(found.map((row) => [row.origin, row])), now: first.now };
}

/** Stores counts that this transaction has locked. */
export async function writeAttempts(
  tx: Transaction,
  nameKey: string,
  counts: ReadonlyMap<string, Failures>,
): Promise<void> {
  for (const [origin, { failures, windowStart, lastTime }] of counts) {
    await tx.write(
      `update login_attempts set failures = ?, window_start = ?, last_time = ?
       where name_key = ? and origin = ?`,
      [failures, windowStart, lastTime, nameKey, origin],
    );
  }
}

/** Takes an attempt back that did not fail, unless its window is over. */
export async function takeBackAttempt(
  tx: Transaction,
  nameKey: string,
  counts: ReadonlyMap<string, Pick<Failures, "windowStart">>,
): Promise<void> {
  for (const [origin, { windowStart }] of counts) {
    await tx.write(
      `update login_attempts set failures = failures - 1
       where name_key = ? and origin = ? and window_start = ? and failures > 0`,
      [nameKey, origin, windowStart],
    );
  }
}

/** Deletes counts whose longest window is over; returns how many. */
export async function pruneAttempts(
  tx: Transaction,
  { seconds, batch }: { seconds: number; batch: number },
): Promise<number> {
  return tx.change(
    "delete from login_attempts where window_start < now(3) - interval ? second limit ?",
    [seconds, batch],
  );
}
