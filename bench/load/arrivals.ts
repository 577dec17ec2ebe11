import type { Random } from "../../testbed/random.ts";

/**
 * Arrival times of independent customers with this mean rate (a Poisson process), in milliseconds
 * from the start. The same source of random values gives the same times.
 */
export function* arrivals(
  random: Pick<Random, "next">,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Generator<number> {
  if (perSecond <= 0) return;
  const meanGapMs = 1_000 / perSecond;
  let atMs = 0;
  for (;;) {
    // 1 - next() is above 0, so that its logarithm is finite.
    atMs += -Math.log(1 - random.next()) * meanGapMs;
    if (atMs >= seconds * 1_000) return;
    yield atMs;
  }
}
