import { setTimeout as pause } from "node:timers/promises";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";

/** Attempts at a call. Their pauses add up to about 6 s; a crashed service is back before. */
export const ATTEMPTS = 9;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** Reasons of refusals that pass without the caller doing anything. */
const TRANSIENT = new Set<Reason>([
  Reason.RATE_LIMITED,
  Reason.REQUEST_IN_PROGRESS,
  Reason.PROVIDER_UNAVAILABLE,
]);

/**
 * Calls until there is an answer: retries an outage and a transient refusal after growing pauses,
 * and throws the last error. Only for idempotent calls. `onRetry` is called before each retry.
 */
export async function retry<T>(call: () => Promise<T>, onRetry?: () => void): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (attempt === ATTEMPTS || !isTransient(error)) throw error;
      onRetry?.();
      await backOff(attempt);
    }
  }
}

/** Waits after a failed attempt, twice as long each time; random, so that callers spread out. */
export function backOff(attempt: number): Promise<void> {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
  return pause(longest * (0.5 + Math.random() / 2));
}

function isTransient(error: unknown): boolean {
  if (error instanceof Outage) return true;
  return error instanceof Refusal && TRANSIENT.has(error.reason);
}
