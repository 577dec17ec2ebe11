import { setTimeout as pause } from "node:timers/promises";
import { type Random, seeded } from "../../testbed/random.ts";
import { unmetNeed } from "../../testbed/system/needs.ts";
import { DEFAULT_HOLD_MS, type Fault, type Heal } from "./fault.ts";
import { logRound, type Playing } from "./play.ts";
import type { Result, Round } from "./report.ts";
import { openStage, type Stage } from "./stage.ts";

const AT_ONCE = [1, 4] as const;
/** The longest time between the first fault and the others of a round. */
const SPREAD_MS = 3_000;

type SoakFault = Fault & { inject: NonNullable<Fault["inject"]> };

/**
 * Breaks one to four things at a time, heals them, judges, and repeats until the time is over. The
 * schedule follows from the seed; the exact moments do not.
 */
export async function soak(
  faults: readonly Fault[],
  { seed, minutes, log, signal }: Omit<Playing, "times"> & { minutes: number },
): Promise<Result[]> {
  const usable = await soakable(faults);
  const untilMs = Date.now() + minutes * 60_000;
  const parts: Record<string, number> = {};
  const result: Result = { fault: `soak of ${minutes} min`, rounds: [], parts };
  let stage: Stage | undefined;
  try {
    stage = await openStage(undefined, log);
    for (let round = 1; Date.now() < untilMs && !signal.aborted; round += 1) {
      const random = seeded(`${seed}/soak/${round}`);
      const chosen = random.some(usable, random.between(...AT_ONCE));
      for (const { name } of chosen) parts[name] = (parts[name] ?? 0) + 1;
      const logLine = (line: string) => log(`round ${round}: ${line}`);
      logLine(chosen.map(({ name }) => name).join(" + "));
      const judged = await soakRound(stage, chosen, { random, log: logLine, signal });
      result.rounds.push(judged);
      logRound(logLine, judged);
      if (judged.violations.length > 0) break;
    }
  } catch (error) {
    result.error = signal.aborted ? "interrupted" : String((error as Error).stack);
  } finally {
    await stage?.stop();
  }
  return [result];
}

/** The faults that this machine can switch on and off on a usual system. */
async function soakable(faults: readonly Fault[]): Promise<SoakFault[]> {
  const found: SoakFault[] = [];
  for (const fault of faults) {
    const switched =
      fault.inject !== undefined && fault.soak !== false && !fault.topology && !fault.prepare;
    if (switched && (await unmetNeed(fault.needs)) === undefined) found.push(fault as SoakFault);
  }
  return found;
}

async function soakRound(
  stage: Stage,
  chosen: readonly SoakFault[],
  { random, log, signal }: { random: Random; log: (line: string) => void; signal: AbortSignal },
): Promise<Round> {
  const { system } = stage;
  const load = await stage.startLoad(random.fork("load"));
  try {
    const heals = await Promise.allSettled(
      chosen.map(async (fault, index) => {
        const own = random.fork(`${fault.name}/${index}`);
        if (index > 0) await sleep(own.between(0, SPREAD_MS), signal);
        const heal: Heal = await fault.inject({ system, random: own, log });
        await sleep(own.between(...(fault.holdMs ?? DEFAULT_HOLD_MS)), signal);
        await heal();
      }),
    );
    const failed = heals.find((outcome) => outcome.status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
    // Two faults may have affected the same part.
    await system.mend();
    return await stage.judge(load, { healedMs: Date.now(), injected: chosen.length, signal });
  } finally {
    await load.stop();
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => {});
}
