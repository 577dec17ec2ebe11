import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import type { ProgressBar } from "./progress.ts";

/** Few, so that asking does not slow down what is waited for. */
const LOOKS_IN_FLIGHT = 8;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;
/** When nothing has come in for so long, nothing will. */
const QUIET_MS = 30_000;

/**
 * Looks at each element until it is as it should be, and at those first which were begun first. Gives up when nothing
 * comes any more; returns how many are not there.
 */
export async function untilEach<T>(
  elements: readonly T[],
  { isThere, bar }: { isThere(element: T): Promise<boolean>; bar: ProgressBar },
): Promise<number> {
  let missing = 0;
  let lastMs = performance.now();
  await pMap(
    elements,
    async (element) => {
      for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 1.5, LONGEST_PAUSE_MS)) {
        if (await isThere(element)) {
          lastMs = performance.now();
          bar.step();
          return;
        }
        if (performance.now() - lastMs > QUIET_MS) {
          missing += 1;
          return;
        }
        await pause(wait);
      }
    },
    { concurrency: LOOKS_IN_FLIGHT },
  );
  return missing;
}
