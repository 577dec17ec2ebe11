import { setTimeout as pause } from "node:timers/promises";

const firstPauseMs = 20;
const longestPauseMs = 500;

/**
 * Runs the check until it neither throws nor rejects, and resolves to what it returned. Once the time is over, it
 * rejects with what the last run threw.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  options: { withinMs?: number } = {},
): Promise<T> {
  const { withinMs = 20_000 } = options;
  const deadline = Date.now() + withinMs;
  for (let wait = firstPauseMs; ; wait = Math.min(wait * 1.5, longestPauseMs)) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() + wait > deadline) throw error;
    }
    await pause(wait);
  }
}
