import { setTimeout as pause } from "node:timers/promises";

const firstPauseMs = 20;
const longestPauseMs = 500;

/**
 * Runs `check` again and again until it neither throws nor rejects, and resolves to its result.
 * After `withinMs` (20 s by default) it rejects with the last error.
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
