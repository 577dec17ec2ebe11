import type { Bench } from "../bench.ts";
import type { Round } from "../plan.ts";
import type { Turn } from "../turn.ts";
import { playTurn } from "../turns.ts";
import { maximumOf, playFull } from "./maximum.ts";

const TIMES = 2;
export const AFTERWARDS = "after overload";

/** Offers twice the shop's maximum, and measures whether it recovers afterwards. */
export async function playOverload(
  bench: Bench,
  { turns, seconds }: Round,
  played: readonly Turn[],
): Promise<Turn[]> {
  const { perSecond, turns: own } = await maximumOf(bench, played);
  const offered = bench.options.rates?.[0] ?? perSecond * TIMES;
  for (let turn = 0; turn < turns; turn += 1) {
    const { due: _, ...one } = await playTurn(bench, {
      target: "shop",
      workload: "place",
      title: "overload",
      loop: { kind: "open", perSecond: offered },
      seconds,
      warmUpSeconds: 0,
      seed: `overload ${turn}`,
    });
    const { figures, outcomes } = one;
    const refused = Object.entries(outcomes).filter(([name]) =>
      name.startsWith("RESOURCE_EXHAUSTED"),
    );
    const refusals = refused.reduce((sum, [, count]) => sum + count, 0);
    figures.offeredPerSecond = ((figures.done ?? 0) + (figures.notDone ?? 0)) / seconds;
    figures.refusedOtherwise = (figures.notDone ?? 0) - refusals;
    bench.logTurn(one, { turn, of: turns });
    const after = await playFull(bench, AFTERWARDS);
    const afterwards = after.figures.perSecond ?? 0;
    after.figures.ofMaximum = afterwards / perSecond;
    // A shop that has warmed up shows its maximum only afterwards.
    figures.ofMaximum = (figures.perSecond ?? 0) / Math.max(perSecond, afterwards);
    own.push(one, after);
  }
  return own;
}
