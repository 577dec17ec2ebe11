import { type Bench, shopOf } from "../bench.ts";
import { follow } from "../callback/follow.ts";
import { prepareCallbacks, resumeCallbacks } from "../callback/prepare.ts";
import type { Loop } from "../load/messages.ts";
import type { Round } from "../plan.ts";
import type { Turn } from "../turn.ts";
import { playTurn } from "../turns.ts";
import { addDelays } from "./delays.ts";
import { maximumOf } from "./maximum.ts";

/** The rate of orders beside the callbacks, relative to the shop's maximum. */
const SHARE = 0.5;

/** Plays callbacks alone, and beside orders. */
export async function playCallbacks(
  bench: Bench,
  { loops, turns, seconds }: Round,
  played: readonly Turn[],
): Promise<Turn[]> {
  const { perSecond, turns: found } = await maximumOf(bench, played);
  const orders: Loop = { kind: "open", perSecond: perSecond * SHARE };
  const own: Turn[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    for (const loop of loops) {
      if (loop.kind !== "open") continue;
      for (const beside of [undefined, orders]) {
        const one = await playOnce(bench, { turn, seconds, loop, beside });
        own.push(one);
        bench.logTurn(one, { turn, of: turns });
      }
    }
  }
  return [...found, ...own];
}

async function playOnce(
  bench: Bench,
  run: { turn: number; seconds: number; loop: Loop & { kind: "open" }; beside: Loop | undefined },
): Promise<Turn> {
  const { turn, seconds, loop, beside } = run;
  const shop = shopOf(bench);
  const expected = loop.perSecond * seconds;
  // Arrivals are random: rarely more than four standard deviations above the mean.
  const count = Math.ceil(expected + 4 * Math.sqrt(expected)) + 10;
  const callbacks = await prepareCallbacks(shop, { size: bench.size, count });
  const { due, ...one } = await playTurn(bench, {
    target: "shop",
    workload: "callback",
    title: beside ? "callback beside place" : "callback",
    loop,
    seconds,
    warmUpSeconds: 0,
    seed: `callback ${turn}`,
    more: { callbacks },
    ...(beside && { beside: { workload: "place", loop: beside } }),
  });
  addDelays(one.figures, await follow(shop, due));
  await resumeCallbacks(shop);
  return one;
}
