import type { Errand } from "../workloads/stage.ts";
import { encode, type Histogram, newHistogram, record } from "./histograms.ts";
import type { Run } from "./loops.ts";
import type { Seen } from "./messages.ts";
import { outcomeOf } from "./rpc.ts";

/** What one client process sees of a phase. */
export type Sight = {
  begin(): void;
  /** The errand, with its time from the customer's arrival and how it ended written down. */
  judged(errand: Errand): Run;
  step<T>(name: string, part: () => Promise<T>): Promise<T>;
  tellDue(orderId: bigint, cameMs: number): void;
  /** Errands that have ended. */
  done(): number;
  seen(): Seen;
};

export function watch(seconds: number): Sight {
  const ok = newHistogram();
  const refused = newHistogram();
  const steps = new Map<string, Histogram>();
  const outcomes: Record<string, number> = {};
  const perSecond: number[] = [];
  const due: Seen["due"] = [];
  let done = 0;
  let inTime = 0;
  let beganMs = 0;
  let cpuBefore = process.cpuUsage();

  const note = (outcome: string, cameMs: number) => {
    const nowMs = performance.now();
    done += 1;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    record(outcome === "ok" ? ok : refused, nowMs - cameMs);
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
    judged: (errand) => async (cameMs) => {
      try {
        await errand(cameMs);
        note("ok", cameMs);
      } catch (error) {
        note(outcomeOf(error), cameMs);
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
    tellDue(orderId, cameMs) {
      due.push({ orderId, dueAtMs: Date.now() - (performance.now() - cameMs) });
    },
    done: () => done,
    seen() {
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
