import { setTimeout as pause } from "node:timers/promises";
import { type Bench, placesOf, runningOf } from "./bench.ts";
import { BenchError } from "./bench-error.ts";
import type { Summary } from "./load/clients.ts";
import { curveOf, spreadOf } from "./load/histograms.ts";
import type { Loop, Phase, WorkloadName } from "./load/messages.ts";
import { cpuMs } from "./measure/cpu.ts";
import { figuresOf, totalOf } from "./measure/figures.ts";
import { loopLabel } from "./plan.ts";
import { type PhaseBar, phaseBar } from "./progress.ts";
import type { Running, TargetName } from "./target.ts";
import type { Turn } from "./turn.ts";

type TurnOptions = {
  target: TargetName;
  workload: WorkloadName;
  loop: Loop;
  seconds: number;
  /** Seconds of the same load before the turn, which do not count. */
  warmUpSeconds: number;
  seed: string;
  more?: Pick<Phase, "flash" | "callbacks">;
  /** A load that runs at the same time, in client processes of its own. */
  beside?: { workload: WorkloadName; loop: Loop };
  /** The name in the report. Default: the workload's. */
  title?: string;
};

const SETTLED_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 50;
/**
 * A target without `settled` counts as quiet when it uses less than this share of a core for this
 * long.
 */
const QUIET = { share: 0.05, forMs: 200, withinMs: 10_000 };

/**
 * Loads a target and measures the cost. It starts and ends with a quiet target, so that the cost
 * includes everything that the load causes.
 */
export async function playTurn(
  bench: Bench,
  options: TurnOptions,
): Promise<Turn & Pick<Summary, "due">> {
  const { target, workload, loop, seconds, warmUpSeconds, seed, title = workload } = options;
  const running = runningOf(bench, target);
  const phase: Phase = {
    target,
    places: placesOf(bench, target),
    workload,
    loop,
    seconds,
    seed,
    ...options.more,
  };
  if (warmUpSeconds > 0) {
    const warmUp = { ...phase, seconds: warmUpSeconds, seed: `${seed} warm-up` };
    await bench.clients.play(warmUp);
  }
  await untilSettled(running);
  const before = await bench.meter.read(running);
  const bar = phaseBar(`${target}: ${title}, ${loopLabel(loop)}`, seconds);
  const { beside } = options;
  const { sum, other } = await playBoth(bench, { phase, beside, bar }).finally(() => bar.end());
  await untilSettled(running);
  const after = await bench.meter.read(running);
  const figures = figuresOf(sum, {
    before,
    after,
    seconds,
    burst: loop.kind === "burst",
    beside: other?.ok.totalCount ?? 0,
  });
  if (other) {
    Object.assign(figures, {
      "beside.perSecond": other.inTime / seconds,
      "beside.p99Ms": spreadOf(other.ok).p99,
      "beside.notDone": totalOf(other.outcomes) - other.ok.totalCount,
    });
  }
  return {
    workload: title,
    load: loopLabel(loop),
    target,
    figures,
    outcomes: sum.outcomes,
    perSecond: sum.perSecond.slice(0, seconds),
    curve: curveOf(sum.ok),
    due: sum.due,
  };
}

/**
 * Plays a phase; with a load beside it, the phase uses the first client process and the other load
 * uses the rest.
 */
async function playBoth(
  { clients }: Bench,
  run: { phase: Phase; beside: TurnOptions["beside"]; bar: PhaseBar },
): Promise<{ sum: Summary; other?: Summary }> {
  const { phase, beside, bar } = run;
  const progress = bar.done;
  if (!beside) return { sum: await clients.play(phase, { progress }) };
  if (clients.count < 2)
    throw new BenchError(`${phase.workload} beside another load needs --clients 2 or more`);
  const others = Array.from({ length: clients.count - 1 }, (_, index) => index + 1);
  const { callbacks: _, ...rest } = phase;
  const [sum, other] = await Promise.all([
    clients.play(phase, { progress, only: [0] }),
    clients.play({ ...rest, ...beside }, { only: others }),
  ]);
  return { sum, other };
}

/** Resolves when everything that has been started so far has had its effect. */
export async function untilSettled(running: Running): Promise<void> {
  if (!running.settled) return untilQuiet(running);
  const now = new Date();
  const untilMs = now.getTime() + SETTLED_WITHIN_MS;
  while (!(await running.settled(now))) {
    if (Date.now() > untilMs) {
      throw new BenchError(
        `events were still in motion ${SETTLED_WITHIN_MS / 1_000} s after the load`,
      );
    }
    await pause(LOOK_EVERY_MS);
  }
}

async function untilQuiet(running: Running): Promise<void> {
  const used = () => running.processes().reduce((sum, { pid }) => sum + cpuMs(pid), 0);
  const untilMs = Date.now() + QUIET.withinMs;
  for (let before = used(); Date.now() < untilMs; ) {
    await pause(QUIET.forMs);
    const now = used();
    if (now - before <= QUIET.share * QUIET.forMs) return;
    before = now;
  }
}
