import { literal } from "./sql.ts";

/** The database's clock and a service's may be so far apart. */
export const CLOCK_TOLERANCE_MS = 60_000;

/**
 * In SQL: whether the database's clock and this process's say the same. What is given up for its age is given up only
 * then: a clock that was set an hour ahead would close every order that waits for its payment.
 */
export function clocksAgree(): string {
  const at = (ms: number) => literal(new Date(Date.now() + ms));
  return `now(3) between ${at(-CLOCK_TOLERANCE_MS)} and ${at(CLOCK_TOLERANCE_MS)}`;
}

/**
 * The database's time, or this process's where the two disagree and it is the later one: what is to happen some time
 * after it does not happen too early when a clock that was behind is set right.
 */
export function latestMs(now: Date): number {
  const ownMs = Date.now();
  return ownMs > now.getTime() + CLOCK_TOLERANCE_MS ? ownMs : now.getTime();
}

/**
 * In SQL: whether the time in this column has come, or is so far ahead that the clock must have gone back since it was
 * set. Nothing in it is ever put off for longer than `longestMs`.
 */
export function isDue(column: string, longestMs: number): string {
  const far = `now(3) + interval ${Math.round(2 * longestMs) * 1_000} microsecond`;
  return `(${column} <= now(3) or ${column} > ${far})`;
}
