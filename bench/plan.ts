import { BenchError } from "./bench-error.ts";
import type { Loop } from "./load/messages.ts";
import type { Asked, Options } from "./options.ts";
import type { TargetName } from "./target.ts";

/** A workload with everything that is varied in it. */
export type Round = {
  workload: Asked;
  targets: TargetName[];
  loops: Loop[];
  turns: number;
  seconds: number;
};

export const FLASH_SHOPPERS = 2_000;
const STANDARD_SECONDS = 3;
const SECONDS = 20;
const TURNS = 5;
/** What a baseline can do; the rest is the shop's alone. */
const ALSO: Partial<Record<Asked, TargetName[]>> = {
  place: ["monolith", "bare"],
  hot: ["monolith"],
  flash: ["monolith"],
  retail: ["monolith"],
};
const IN_FLIGHT: Record<Asked, number[]> = {
  place: [1, 64, 256],
  hot: [256],
  flash: [],
  pay: [64],
  callback: [],
  retail: [64],
  mixed: [64],
  overload: [],
};
/** In the standard set, where not every workload has to have five turns. */
const STANDARD: Partial<Record<Asked, { turns?: number; seconds?: number }>> = {
  pay: { turns: 3 },
  retail: { turns: 3 },
  callback: { turns: 1, seconds: 8 },
  mixed: { turns: 1, seconds: 10 },
  overload: { turns: 1, seconds: 8 },
};
const CALLBACKS_PER_SECOND = 200;

/** What is run, in this order. */
export function planOf(options: Options): Round[] {
  const standard = options.workloads === undefined;
  const asked = options.workloads ?? (Object.keys(IN_FLIGHT) as Asked[]);
  return asked.map((workload) => {
    const able: TargetName[] = ["shop", ...(ALSO[workload] ?? [])];
    const targets = able.filter((name) => options.targets?.includes(name) ?? true);
    if (targets.length === 0)
      throw new BenchError(`${workload} is done by ${able.join(", ")} only`);
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

function loopsOf(workload: Asked, { inFlight, rates }: Options): Loop[] {
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

/** "256 in flight". */
export function loopWords(loop: Loop): string {
  switch (loop.kind) {
    case "closed":
      return `${loop.inFlight} in flight`;
    case "open":
      return `${Math.round(loop.perSecond)} a second`;
    case "burst":
      return `${loop.customers} at once`;
  }
}

/** Orders a second that no target reaches on this kind of machine, in flight alone and in flight with others. */
const FASTEST = { alone: 2_000, many: 6_000 };
const COUPON_SHARE = 0.2;
/** Warming, finding the maximum, filling. */
const BESIDES_SECONDS = 15;

/** Coupons that the orders of a run can use at most. */
export function couponsOf(
  rounds: readonly Round[],
  { warmUpSeconds, fill }: Pick<Options, "warmUpSeconds" | "fill">,
): number {
  let orders = FASTEST.many * BESIDES_SECONDS;
  for (const { loops, turns, seconds } of rounds) {
    for (const loop of loops) {
      const alone = loop.kind === "closed" && loop.inFlight === 1;
      const times = fill > 0 ? 2 * turns : turns;
      orders += (alone ? FASTEST.alone : FASTEST.many) * times * (seconds + warmUpSeconds);
    }
  }
  return Math.ceil(orders * COUPON_SHARE);
}
