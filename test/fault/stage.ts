import type { Random } from "../../testbed/random.ts";
import { type System, startSystem, type Topology } from "../../testbed/system/system.ts";
import { judge, violations } from "./judge/judge.ts";
import { acknowledgedOrders, type Load, startLoad } from "./load/load.ts";
import { type Market, openMarket } from "./load/market.ts";
import type { Round } from "./report.ts";

/** A system with its market, on which faults are played one after the other. */
export type Stage = {
  system: System;
  market: Market;
  /** Starts the load and waits until the shop is busy. */
  startLoad(random: Random): Promise<Load>;
  /** Stops the load and judges what happened since the last judgement. */
  judge(
    load: Load | undefined,
    round: { healedMs: number; injected: number; signal?: AbortSignal },
  ): Promise<Round>;
  stop(): Promise<void>;
};

/** Orders before the first fault. */
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
      const judgement = await judge(market, { healedMs, sinceMs: judgedMs, signal });
      const acknowledged = acknowledgedOrders(market.history) - judgedOrders;
      judgedOrders += acknowledged;
      judgedMs = Date.now();
      return { injected, acknowledged, judgement, violations: violations(judgement) };
    },
    stop: () => system.stop(),
  };
}
