import { literal } from "./sql.ts";

/** How far the clocks of the database and of this process may differ before they disagree. */
export const CLOCK_TOLERANCE_MS = 60_000;

/**
 * SQL that is true while the clocks of the database and of this process agree. Require it where
 * something expires: a clock that was set an hour ahead would otherwise cancel every order that
 * waits for its payment.
 */
export function clocksAgree(): string {
  const at = (ms: number) => literal(new Date(Date.now() + ms));
  return `now(3) between ${at(-CLOCK_TOLERANCE_MS)} and ${at(CLOCK_TOLERANCE_MS)}`;
}

/**
 * The database's time in Unix milliseconds, or this process's if the clocks disagree and it is
 * later. A deadline counted from it does not come too early once a clock that was behind is set
 * right.
 */
export function latestMs(now: Date): number {
  const ownMs = Date.now();
  return ownMs > now.getTime() + CLOCK_TOLERANCE_MS ? ownMs : now.getTime();
}

/**
 * SQL that is true once the time in the column has come. It is also true for a time more than twice
 * `longestMs` ahead, where `longestMs` is the longest pause ever written to the column: the clock
 * was set back after such a time was written.
 */
export function isDue(column: string, longestMs: number): string {
  const tooFar = `now(3) + interval ${Math.round(2 * longestMs) * 1_000} microsecond`;
  return `(${column} <= now(3) or ${column} > ${tooFar})`;
}
