import { setTimeout as pause } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import { BROKER, DATABASE, LOAD } from "../measure/meter.ts";

/** Milliseconds of CPU in a second in which nobody wants anything, by target, and of the engines for all of them. */
export type Idle = Record<string, number>;

const SECONDS = 2;

/** What targets cost whose turn it is not: they stay up meanwhile. */
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
