import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import type { ProgressBar } from "./progress.ts";

/** Few, so that polling does not slow down what it waits for. */
const POLLS_IN_FLIGHT = 8;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;
/** Polling gives up when no element became done for this long: WeChat Pay refunds once a minute. */
const QUIET_MS = 90_000;

/** Polls the elements in their order until each is done. Returns how many are not at the end. */
export async function untilEach<T>(
  elements: readonly T[],
  { isDone, bar }: { isDone(element: T): Promise<boolean>; bar: ProgressBar },
): Promise<number> {
  let missing = 0;
  let lastMs = performance.now();
  const poll = async (element: T) => {
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 1.5, LONGEST_PAUSE_MS)) {
      if (await isDone(element)) {
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
  };
  await pMap(elements, poll, { concurrency: POLLS_IN_FLIGHT });
  return missing;
}
