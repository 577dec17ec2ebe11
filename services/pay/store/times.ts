import { expression } from "#platform/db/sql.ts";

/** The time `ms` milliseconds from now, by the clock of the database. */
export function inMs(ms: number) {
  return expression(`now(3) + interval ${Math.round(ms) * 1_000} microsecond`);
}
