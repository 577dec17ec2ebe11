import type { Task } from "../workloads/stage.ts";
import { encode, type Histogram, newHistogram, record } from "./histograms.ts";
import type { Run } from "./loops.ts";
import type { PhaseResult } from "./messages.ts";
import { outcomeOf } from "./rpc.ts";

/** Records a phase of one client process. */
export type Recorder = {
  begin(): void;
  /** Wraps a task so that its time, from the customer's arrival, and its outcome are recorded. */
  recorded(task: Task): Run;
  step<T>(name: string, part: () => Promise<T>): Promise<T>;
  recordDue(orderId: bigint, arrivedMs: number): void;
  /** The number of ended tasks. */
  done(): number;
  result(): PhaseResult;
};

export function recorderOf(seconds: number): Recorder {
  const ok = newHistogram();
  const refused = newHistogram();
  const steps = new Map<string, Histogram>();
  const outcomes: Record<string, number> = {};
  const perSecond: number[] = [];
  const due: PhaseResult["due"] = [];
  let done = 0;
  let inTime = 0;
  let beganMs = 0;
  let cpuBefore = process.cpuUsage();

  const note = (outcome: string, arrivedMs: number) => {
    const nowMs = performance.now();
    done += 1;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    record(outcome === "ok" ? ok : refused, nowMs - arrivedMs);
    if (outcome !== "ok") return;
    if (nowMs - beganMs <= seconds * 1_000) inTime += 1;
    const second = Math.floor((nowMs - beganMs) / 1_000);
    perSecond[second] = (perSecond[second] ?? 0) + 1;
  };

  return {
    begin() {
      beganMs = performance.now();
      cpuBefore = process.cpuUsage();
    },
    recorded: (task) => async (arrivedMs) => {
      try {
        await task(arrivedMs);
        note("ok", arrivedMs);
      } catch (error) {
        note(outcomeOf(error), arrivedMs);
      }
    },
    async step(name, part) {
      const atMs = performance.now();
      const result = await part();
      const histogram = steps.get(name) ?? newHistogram();
      steps.set(name, histogram);
      record(histogram, performance.now() - atMs);
      return result;
    },
    recordDue(orderId, arrivedMs) {
      due.push({ orderId, dueAtMs: Date.now() - (performance.now() - arrivedMs) });
    },
    done: () => done,
    result() {
      const { user, system } = process.cpuUsage(cpuBefore);
      return {
        outcomes,
        inTime,
        ok: encode(ok),
        refused: encode(refused),
        steps: Object.fromEntries([...steps].map(([name, one]) => [name, encode(one)])),
        perSecond: Array.from(perSecond, (count) => count ?? 0),
        cpuMs: (user + system) / 1_000,
        elapsedMs: performance.now() - beganMs,
        rssBytes: process.memoryUsage.rss(),
        due,
      };
    },
  };
}
