import type { Random } from "../../testbed/random.ts";

/**
 * When customers come who do not know of each other: so many a second on the average, each gap by chance (a Poisson
 * process), as milliseconds from the beginning. The same chance gives the same times.
 */
export function* arrivals(
  random: Pick<Random, "next">,
  { perSecond, seconds }: { perSecond: number; seconds: number },
): Generator<number> {
  if (perSecond <= 0) return;
  const meanGapMs = 1_000 / perSecond;
  let atMs = 0;
  for (;;) {
    // 1 - next() is above 0, of which there is a logarithm.
    atMs += -Math.log(1 - random.next()) * meanGapMs;
    if (atMs >= seconds * 1_000) return;
    yield atMs;
  }
}
