import { setTimeout as pause } from "node:timers/promises";
import { seeded } from "../../testbed/random.ts";
import { arrivals } from "./arrivals.ts";
import type { Loop } from "./messages.ts";

/**
 * Runs one task and never rejects. Its time counts from the customer's arrival, on the scale of
 * performance.now().
 */
export type Run = (arrivedMs: number) => Promise<void>;

/**
 * The most open calls of a client process: with more, the target is flooded rather than measured.
 */
const MAX_WAITING = 50_000;

/** Runs tasks as the loop says; resolves when the last has ended. */
export async function runLoop(
  loop: Loop,
  { seconds, seed, run }: { seconds: number; seed: string; run: Run },
): Promise<void> {
  const begin = performance.now();
  switch (loop.kind) {
    case "closed": {
      const customer = async () => {
        for (;;) {
          const arrivedMs = performance.now();
          if (arrivedMs - begin >= seconds * 1_000) return;
          await run(arrivedMs);
        }
      };
      await Promise.all(Array.from({ length: loop.inFlight }, customer));
      return;
    }
    case "open": {
      const under = new Set<Promise<void>>();
      for (const atMs of arrivals(seeded(seed), { perSecond: loop.perSecond, seconds })) {
        const earlyMs = begin + atMs - performance.now();
        if (earlyMs > 0) await pause(earlyMs);
        if (under.size >= MAX_WAITING)
          throw new Error(`${MAX_WAITING} calls are waiting for an answer; offer a lower rate`);
        const running = run(begin + atMs).finally(() => under.delete(running));
        under.add(running);
      }
      await Promise.all(under);
      return;
    }
    case "burst": {
      await Promise.all(Array.from({ length: loop.customers }, () => run(begin)));
      return;
    }
  }
}
