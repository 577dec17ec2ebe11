import { type Judgement, judge, wrongs } from "./judge/judge.ts";
import { acknowledgedOrders, type Load, startLoad } from "./load/load.ts";
import { type Market, openMarket } from "./load/market.ts";
import type { Random } from "./random.ts";
import type { Round } from "./report.ts";
import { type System, startSystem, type Topology } from "./system/system.ts";

/** A system with its market, on which one fault after the other is played. */
export type Stage = {
  system: System;
  market: Market;
  /** Starts the load and waits until the shop is busy. */
  startLoad(random: Random): Promise<Load>;
  /** Ends the load, judges what happened since the last judgement, and keeps it as a round. */
  judge(
    load: Load | undefined,
    round: { healedMs: number; injected: number; signal?: AbortSignal },
  ): Promise<Round>;
  stop(): Promise<void>;
};

/** Orders before anything is broken. */
const WARM_ORDERS = 20;

export async function openStage(
  topology: Topology | undefined,
  log: (line: string) => void,
): Promise<Stage> {
  const system = await startSystem(topology, log);
  let market: Market;
  try {
    market = await openMarket(system);
  } catch (error) {
    await system.stop();
    throw error;
  }
  let judgedOrders = 0;
  let judgedMs = 0;
  return {
    system,
    market,
    async startLoad(random) {
      const load = startLoad(market, random);
      try {
        await load.acknowledged(WARM_ORDERS);
      } catch (error) {
        await load.stop();
        throw error;
      }
      return load;
    },
    async judge(load, { healedMs, injected, signal }) {
      await load?.stop();
      const contradictions = [...market.memory.contradictions];
      let judgement = await judge(market, { healedMs, sinceMs: judgedMs, signal });
      if (judgement.secondsToQuiet !== undefined && wrongs(judgement).length > 0) {
        for (const line of wrongs(judgement)) log(`looks again: ${line}`);
        // The time to pay of an order may end between two looks at it. What is really wrong stays so.
        market.memory.contradictions.push(...contradictions);
        const again = await judge(market, { healedMs: Date.now(), sinceMs: judgedMs, signal });
        judgement =
          again.secondsToQuiet === undefined
            ? again
            : { ...inBoth(judgement, again), secondsToQuiet: judgement.secondsToQuiet };
      }
      const acknowledged = acknowledgedOrders(market.memory) - judgedOrders;
      judgedOrders += acknowledged;
      judgedMs = Date.now();
      return { injected, acknowledged, judgement, wrongs: wrongs(judgement) };
    },
    stop: () => system.stop(),
  };
}

/**
 * What the second look found again. It may find others whose time to pay ended during it; what is said of a thing may
 * have other numbers in it.
 */
function inBoth(first: Judgement, again: Judgement): Judgement {
  const about = (line: string) => line.split(/ (?:is|are|was|were|cost|keeps) /)[0];
  const repeated = (kind: "lost" | "doubled") => {
    const before = new Set([...first.lost, ...first.doubled].map(about));
    return again[kind].filter((line) => before.has(about(line)));
  };
  return { ...again, lost: repeated("lost"), doubled: repeated("doubled") };
}
