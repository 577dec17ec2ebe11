import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "../telemetry/log.ts";
import { Outage } from "../values/refusal.ts";
import { DuplicateKey, isConflict, isDuplicateKey, isOutage, isTimeout } from "./errors.ts";

const MAX_ATTEMPTS = 8;
const MAX_ATTEMPTS_IN_OUTAGE = 3;
const FIRST_PAUSE_MS = 5;

/** Runs `once` until it succeeds. `name` says in logs and errors what is run. */
export type Retry = <T>(name: string, once: (attempt: number) => Promise<T>) => Promise<T>;

/**
 * Repeats what a deadlock, a lock timeout, a snapshot conflict, a duplicate key or an outage has
 * undone, with pauses that double, up to 8 times, in an outage 3. The last error becomes a
 * DuplicateKey or an Outage; any other error is thrown as it is, at once.
 */
export function createRetry(log: Log): Retry {
  return async (name, once) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once(attempt);
      } catch (error) {
        if (!isOutage(error) && !isConflict(error) && !isDuplicateKey(error)) throw error;
        if (attempt >= maxAttempts(error)) throw exhausted(name, error);
        log.debug({ err: error, transaction: name, attempt }, "transaction undone, running again");
        await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
      }
    }
  };
}

function maxAttempts(error: unknown): number {
  // The caller has already waited for a whole timeout.
  if (isTimeout(error)) return 1;
  // A lost connection is worth a few attempts: the pool may have handed out a dead one.
  return isOutage(error) ? MAX_ATTEMPTS_IN_OUTAGE : MAX_ATTEMPTS;
}

function exhausted(name: string, cause: unknown): Error {
  if (isDuplicateKey(cause)) return new DuplicateKey(`a key of ${name} is taken`, { cause });
  return new Outage(`the database could not run ${name}`, { cause });
}
