import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../../testbed/random.ts";
import { seeded } from "../../testbed/random.ts";
import { unmetNeed } from "../../testbed/system/needs.ts";
import { DEFAULT_HOLD_MS, type Fault, type Prepared } from "./fault.ts";
import type { Load } from "./load/load.ts";
import type { Result, Round } from "./report.ts";
import { openStage, type Stage } from "./stage.ts";

export type Playing = {
  seed: string;
  /** How often each fault is played. */
  times: number;
  log: (line: string) => void;
  signal: AbortSignal;
};

/** Plays each fault `times` times, one after the other. */
export async function playFaults(faults: readonly Fault[], playing: Playing): Promise<Result[]> {
  const stages = stageKeeper(playing.log);
  const results: Result[] = [];
  try {
    for (const fault of faults) {
      if (playing.signal.aborted) break;
      results.push(await playFault(fault, playing, stages));
    }
  } finally {
    await stages.close();
  }
  return results;
}

type Stages = ReturnType<typeof stageKeeper>;

/** Keeps one stage for all faults that can share it. */
function stageKeeper(log: (line: string) => void) {
  let current: { fault: Fault; stage: Stage; prepare: Prepared | undefined } | undefined;
  const close = async () => {
    const closing = current;
    current = undefined;
    await closing?.stage.stop();
    await closing?.prepare?.remove();
  };
  return {
    /** The current stage if it fits, or a new one. */
    async of(fault: Fault): Promise<Stage> {
      if (current && shareSystem(current.fault, fault)) return current.stage;
      await close();
      const prepare = await fault.prepare?.(log);
      try {
        const stage = await openStage(prepare?.topology ?? fault.topology, log);
        current = { fault, stage, prepare };
        return stage;
      } catch (error) {
        await prepare?.remove();
        throw error;
      }
    },
    close,
  };
}

function shareSystem(one: Fault, other: Fault): boolean {
  const topology = (fault: Fault) => JSON.stringify(fault.topology ?? {});
  return one.prepare === other.prepare && topology(one) === topology(other);
}

async function playFault(fault: Fault, playing: Playing, stages: Stages): Promise<Result> {
  const { times, seed, log, signal } = playing;
  const notes: string[] = [];
  const result: Result = { fault: fault.name, rounds: [], notes };
  const skipped = await unmetNeed(fault.needs);
  if (skipped !== undefined) return { ...result, skipped };
  for (let time = 1; time <= times && !signal.aborted; time += 1) {
    const logLine = (line: string) => log(`${fault.name} ${time}/${times}: ${line}`);
    try {
      const stage = await stages.of(fault);
      signal.throwIfAborted();
      const random = seeded(`${seed}/${fault.name}/${time}`);
      await playOnce(fault, { stage, random, log: logLine, signal, rounds: result.rounds, notes });
    } catch (error) {
      if (signal.aborted) result.error = "interrupted";
      else if (error instanceof BrokenPromise) result.error = error.message;
      else result.error = String((error as Error).stack);
    }
    const isClean =
      result.error === undefined && (result.rounds.at(-1)?.violations.length ?? 0) === 0;
    // A violation persists, and every later round on the same system would report it again.
    if (!isClean) await stages.close();
    if (result.error !== undefined) break;
  }
  return result;
}

/** A judgement within a script found a violation. */
class BrokenPromise extends Error {}

type Once = {
  stage: Stage;
  random: Random;
  log: (line: string) => void;
  signal: AbortSignal;
  /** Receives each judgement. */
  rounds: Round[];
  /** Receives the notes of the fault. */
  notes?: string[];
};

/** Runs load, fault, healing and judgement. */
export async function playOnce(fault: Fault, once: Once): Promise<void> {
  const { stage, random, log, signal, rounds, notes } = once;
  const withLoad = fault.run === undefined || fault.load !== false;
  let load: Load | undefined;
  let injected = 0;
  const judgeNow = async () => {
    const round = await stage.judge(load, { healedMs: Date.now(), injected, signal });
    injected = 0;
    rounds.push(round);
    logRound(log, round);
    return round;
  };
  try {
    if (withLoad) load = await stage.startLoad(random.fork("load"));
    const context = { system: stage.system, random, log };
    // The load at the time of the call: each judgement ends one, and another starts.
    const current: Load = {
      acknowledged: async (...args) => load?.acknowledged(...args),
      stop: async () => load?.stop(),
    };
    if (fault.run) {
      await fault.run({
        ...context,
        market: stage.market,
        load: load && current,
        signal,
        injected: (count = 1) => {
          injected += count;
        },
        note: (line) => {
          log(line);
          notes?.push(line);
        },
        judge: async (what) => {
          const { violations } = await judgeNow();
          if (violations.length > 0) throw new BrokenPromise(`promises were broken after ${what}`);
          if (load) load = await stage.startLoad(random.fork(`load after ${what}`));
        },
      });
      injected = Math.max(injected, rounds.length === 0 ? 1 : 0);
    } else {
      const heal = await fault.inject(context);
      injected = 1;
      await pause(random.between(...(fault.holdMs ?? DEFAULT_HOLD_MS)), undefined, {
        signal,
      }).catch(() => {});
      await heal();
    }
    await judgeNow();
  } finally {
    await load?.stop();
  }
}

/** Logs a line about the result of a round, and one for each violation. */
export function logRound(
  log: (line: string) => void,
  { acknowledged, judgement, violations }: Round,
): void {
  const { secondsToQuiet, lastMotion } = judgement;
  const last = Object.entries(lastMotion).map(([what, count]) => `${what} ${count}`);
  const quiet =
    secondsToQuiet === undefined ? "never quiet" : `quiet after ${secondsToQuiet.toFixed(1)} s`;
  const waited = last.length > 0 ? ` (last in motion: ${last.join(", ")})` : "";
  const result = violations.length === 0 ? "no violation" : "VIOLATIONS";
  log(`${acknowledged} orders acknowledged, ${quiet}${waited}, ${result}`);
  for (const line of violations) log(line);
}
