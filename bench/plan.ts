import { BenchError } from "./bench-error.ts";
import type { Loop } from "./load/messages.ts";
import type { Options, WorkloadChoice } from "./options.ts";
import type { TargetName } from "./target.ts";

/** A workload with its parameters. */
export type Round = {
  workload: WorkloadChoice;
  targets: TargetName[];
  loops: Loop[];
  turns: number;
  seconds: number;
};

export const FLASH_SHOPPERS = 2_000;
const STANDARD_SECONDS = 3;
const SECONDS = 20;
const TURNS = 5;
/** The baselines that can run a workload; the others are the shop's alone. */
const ALSO: Partial<Record<WorkloadChoice, TargetName[]>> = {
  place: ["monolith", "bare"],
  hot: ["monolith"],
  flash: ["monolith"],
  retail: ["monolith"],
};
const IN_FLIGHT: Record<WorkloadChoice, number[]> = {
  place: [1, 64, 256],
  hot: [256],
  flash: [],
  pay: [64],
  callback: [],
  retail: [64],
  mixed: [64],
  overload: [],
};
/** Parameters of the standard set, where some workloads have fewer turns. */
const STANDARD: Partial<Record<WorkloadChoice, { turns?: number; seconds?: number }>> = {
  pay: { turns: 3 },
  retail: { turns: 3 },
  callback: { turns: 1, seconds: 8 },
  mixed: { turns: 1, seconds: 10 },
  overload: { turns: 1, seconds: 8 },
};
const CALLBACKS_PER_SECOND = 200;

/** The rounds of a run, in order. */
export function planOf(options: Options): Round[] {
  const standard = options.workloads === undefined;
  const asked = options.workloads ?? (Object.keys(IN_FLIGHT) as WorkloadChoice[]);
  return asked.map((workload) => {
    const able: TargetName[] = ["shop", ...(ALSO[workload] ?? [])];
    const targets = able.filter((name) => options.targets?.includes(name) ?? true);
    if (targets.length === 0) throw new BenchError(`${workload} runs only on ${able.join(", ")}`);
    const own = standard ? STANDARD[workload] : undefined;
    const seconds = options.seconds ?? own?.seconds ?? (standard ? STANDARD_SECONDS : SECONDS);
    const long =
      options.minutes === undefined ? undefined : { seconds: options.minutes * 60, turns: 1 };
    return {
      workload,
      targets,
      loops: loopsOf(workload, options),
      turns: options.turns ?? own?.turns ?? TURNS,
      seconds,
      ...long,
    };
  });
}

function loopsOf(workload: WorkloadChoice, { inFlight, rates }: Options): Loop[] {
  if (workload === "flash") return [{ kind: "burst", customers: FLASH_SHOPPERS }];
  if (workload === "callback" || workload === "overload") {
    return (rates ?? [CALLBACKS_PER_SECOND]).map((perSecond) => ({ kind: "open", perSecond }));
  }
  const closed = inFlight ?? (rates ? [] : IN_FLIGHT[workload]);
  return [
    ...closed.map((count): Loop => ({ kind: "closed", inFlight: count })),
    ...(rates ?? []).map((perSecond): Loop => ({ kind: "open", perSecond })),
  ];
}

/** Such as "256 in flight". */
export function loopLabel(loop: Loop): string {
  switch (loop.kind) {
    case "closed":
      return `${loop.inFlight} in flight`;
    case "open":
      return `${Math.round(loop.perSecond)} per second`;
    case "burst":
      return `${loop.customers} at once`;
  }
}

/**
 * Orders per second that no target exceeds on this kind of machine, alone and with others in
 * flight.
 */
const FASTEST = { alone: 2_000, many: 6_000 };
const COUPON_SHARE = 0.2;
/** For warm-up, finding the maximum, and filling. */
const OTHER_SECONDS = 15;

/** The most coupons that the orders of a run can use. */
export function couponsOf(
  rounds: readonly Round[],
  { warmUpSeconds, fill }: Pick<Options, "warmUpSeconds" | "fill">,
): number {
  let orders = FASTEST.many * OTHER_SECONDS;
  for (const { loops, turns, seconds } of rounds) {
    for (const loop of loops) {
      const alone = loop.kind === "closed" && loop.inFlight === 1;
      const times = fill > 0 ? 2 * turns : turns;
      orders += (alone ? FASTEST.alone : FASTEST.many) * times * (seconds + warmUpSeconds);
    }
  }
  return Math.ceil(orders * COUPON_SHARE);
}
