import { eventually } from "../eventually.ts";

const RETRIED_FOR_MS = 90_000;

/** Retries work that may fail while another fault is active, by default for 90 s. */
export function retryThroughFaults<T>(
  work: () => Promise<T>,
  withinMs = RETRIED_FOR_MS,
): Promise<T> {
  return eventually(work, { withinMs });
}
