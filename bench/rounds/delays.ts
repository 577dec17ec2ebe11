import { percentile } from "../../testbed/percentiles.ts";
import type { Followed } from "../callback/follow.ts";
import type { Figures } from "../measure/figures.ts";

/** Adds the times from the callbacks of a turn to their effects. */
export function addDelays(figures: Figures, { toPaidMs, toPointsMs, missing }: Followed): void {
  for (const [name, times] of Object.entries({ toPaid: toPaidMs, toPoints: toPointsMs })) {
    figures[`${name}.p50Ms`] = percentile(times, 50);
    figures[`${name}.p99Ms`] = percentile(times, 99);
  }
  figures.withoutPoints = missing;
}
