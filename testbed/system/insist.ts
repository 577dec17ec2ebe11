import { setTimeout as pause } from "node:timers/promises";

const INSIST_MS = 90_000;
const AGAIN_AFTER_MS = 500;

/** Tries again, for a bounded time, what fails while something else is broken. */
export async function insist<T>(work: () => Promise<T>, withinMs = INSIST_MS): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await pause(AGAIN_AFTER_MS);
  }
}
