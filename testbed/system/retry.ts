import { eventually } from "../eventually.ts";

const RETRIED_FOR_MS = 90_000;

/** Retries work that may fail while another fault is active, for 90 s unless `withinMs` is given. */
export function retryThroughFaults<T>(
  work: () => Promise<T>,
  withinMs = RETRIED_FOR_MS,
): Promise<T> {
  return eventually(work, { withinMs });
}
