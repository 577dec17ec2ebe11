import { type Bench, shopOf } from "../bench.ts";
import { followAll } from "../callback/follow.ts";
import type { WorkloadName } from "../load/messages.ts";
import type { Round } from "../plan.ts";
import type { Turn } from "../turn.ts";
import { playTurn } from "../turns.ts";
import { addDelays } from "./delays.ts";
import { growth, sampling } from "./samples.ts";

/** Plays each target in turn under each load, for the turns of the round. */
export async function playLoads(bench: Bench, round: Round): Promise<Turn[]> {
  const workload = round.workload as WorkloadName;
  const played: Turn[] = [];
  for (let turn = 0; turn < round.turns; turn += 1) {
    for (const loop of round.loops) {
      for (const target of round.targets) {
        const beganMs = Date.now();
        const looking =
          bench.options.minutes !== undefined && target === "shop"
            ? sampling(bench, target)
            : undefined;
        const { due: _, ...one } = await playTurn(bench, {
          target,
          workload,
          loop,
          seconds: round.seconds,
          // A flash sale happens once.
          warmUpSeconds: workload === "flash" ? 0 : bench.options.warmUpSeconds,
          seed: `${workload} ${turn}`,
          more: { flash: turn },
        });
        if (workload === "pay") {
          addDelays(one.figures, await followAll(shopOf(bench), beganMs));
        }
        if (looking) {
          one.samples = await looking.stop();
          Object.assign(one.figures, growth(one.samples));
        }
        played.push(one);
        bench.logTurn(one, { turn, of: round.turns });
      }
    }
  }
  return played;
}
