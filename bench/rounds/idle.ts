import { setTimeout as pause } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import { BROKER, DATABASE, LOAD } from "../measure/meter.ts";

/**
 * CPU in milliseconds per second without load, by target; that of the engines is for all targets.
 */
export type Idle = Record<string, number>;

const SECONDS = 2;

/** Measures what idle targets cost, since they stay up during the turns of others. */
export async function idleOf({ meter, targets }: Bench): Promise<Idle> {
  const read = () =>
    Promise.all(
      [...targets].map(async ([name, running]) => ({
        name,
        used: (await meter.read(running)).cpuMs,
      })),
    );
  const before = await read();
  await pause(SECONDS * 1_000);
  const after = await read();
  const idle: Idle = {};
  for (const [index, { name, used }] of after.entries()) {
    idle[name] = 0;
    for (const [process, ms] of Object.entries(used)) {
      if (process === LOAD) continue;
      const share = (ms - (before[index]?.used[process] ?? 0)) / SECONDS;
      if (process === DATABASE || process === BROKER) idle[process] = share;
      else idle[name] += share;
    }
  }
  return idle;
}
