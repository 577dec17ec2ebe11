import { AFTERWARDS } from "../rounds/overload.ts";
import type { TargetName } from "../target.ts";
import { figure } from "./format.ts";
import type { Cell } from "./result.ts";

/** A goal of the shop, its measured value, and whether the value reaches the goal. */
type Bar = { title: string; value: number; reached: boolean };

/** A figure of a workload; any load and the shop unless they are named. */
type Figure = { workload: string; load?: string; target?: TargetName; name: string };

type Goal = {
  title: string;
  value: Figure;
  /** The value is divided by this figure. */
  per?: Figure;
  least?: number;
  most?: number;
};

type Measured = Pick<Goal, "title" | "least" | "most"> & { value: number | undefined };

const FULL = "256 in flight";
/** Suffix of a workload that ran in a shop with many orders. */
export const FILLED = ", filled";

const rate = (workload: string, more: Partial<Figure> = {}): Figure => {
  return { workload, load: FULL, name: "perSecond", ...more };
};
const callbacks = (name: string): Figure => {
  return { workload: "callback beside place", load: "200 per second", name };
};
const MONOLITH = { target: "monolith" } as const;

const GOALS: Goal[] = [
  {
    title: "place at 256 in flight: CPU per order, relative to the monolith, at most 0.5",
    value: rate("place", { name: "cpuMs" }),
    per: rate("place", { name: "cpuMs", ...MONOLITH }),
    most: 0.5,
  },
  {
    title: "place at 256 in flight: orders per second, relative to the monolith, at least 1.5",
    value: rate("place"),
    per: rate("place", MONOLITH),
    least: 1.5,
  },
  {
    title: "place at 256 in flight: orders per second, relative to the bare call, at least 0.6",
    value: rate("place"),
    per: rate("place", { target: "bare" }),
    least: 0.6,
  },
  {
    title: "hot at 256 in flight: orders per second, relative to the monolith, at least 2",
    value: rate("hot"),
    per: rate("hot", MONOLITH),
    least: 2,
  },
  {
    title: "hot at 256 in flight: orders per second, relative to place, at least 0.9",
    value: rate("hot"),
    per: rate("place"),
    least: 0.9,
  },
  {
    title: "place at 1 in flight: p50, relative to the monolith, at most 2.5",
    value: { workload: "place", load: "1 in flight", name: "p50Ms" },
    per: { workload: "place", load: "1 in flight", name: "p50Ms", ...MONOLITH },
    most: 2.5,
  },
  {
    title: "flash: pieces sold, exactly 100",
    value: { workload: "flash", name: "done" },
    most: 100,
    least: 100,
  },
  {
    title: "flash: p99 of refusals in ms, at most 1,000",
    value: { workload: "flash", name: "refused.p99Ms" },
    most: 1_000,
  },
  {
    title: "callback beside place at half its maximum: p99 in ms, at most 50",
    value: callbacks("p99Ms"),
    most: 50,
  },
  {
    title: "callback beside place: p99 from callback to points in ms, at most 1,000",
    value: callbacks("toPoints.p99Ms"),
    most: 1_000,
  },
  {
    title:
      "overload at twice the maximum: orders per second, relative to the maximum, at least 0.8",
    value: { workload: "overload", name: "ofMaximum" },
    least: 0.8,
  },
  {
    title: "overload at twice the maximum: refusals other than RESOURCE_EXHAUSTED, none",
    value: { workload: "overload", name: "refusedOtherwise" },
    most: 0,
  },
  {
    title: "after overload: orders per second, relative to the maximum, at least 0.8",
    value: { workload: AFTERWARDS, name: "ofMaximum" },
    least: 0.8,
  },
  {
    title:
      "place at 256 in flight in a filled shop: orders per second, relative to before, at least 0.9",
    value: rate(`place${FILLED}`),
    per: rate("place"),
    least: 0.9,
  },
];

/** The goals that can be compared with these cells, without those whose workload was not run. */
export function barsOf(cells: readonly Cell[]): Bar[] {
  const compared = GOALS.map(({ value, per, ...goal }): Measured => {
    const measured = figureOf(cells, value);
    return { ...goal, value: per ? ratio(measured, figureOf(cells, per)) : measured };
  });
  return [...compared, ...growths(cells)].flatMap(
    ({ title, value, least = 0, most = Number.POSITIVE_INFINITY }) => {
      if (value === undefined || Number.isNaN(value)) return [];
      return [{ title, value, reached: value >= least && value <= most }];
    },
  );
}

function figureOf(cells: readonly Cell[], wanted: Figure): number | undefined {
  const { workload, load, target = "shop", name } = wanted;
  const cell = cells.find(
    (one) => one.workload === workload && one.target === target && (!load || one.load === load),
  );
  return cell?.figures[name];
}

function ratio(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || !other ? undefined : one / other;
}

/** How much longer a queue may be in the last third of a run than in the second, by chance. */
const QUEUE_SLACK = { times: 1.25, more: 100 };

/** Goals of a long run: neither the memory of a process nor a queue grows. */
function growths(cells: readonly Cell[]): Measured[] {
  return cells.flatMap(({ workload, figures }) => {
    const memory = Object.entries(figures)
      .filter(([name]) => name.startsWith("memoryGrowth.") && !name.endsWith(".database"))
      .map(([name, value]) => ({
        title: `${workload}: memory of ${name.slice("memoryGrowth.".length)}, last third relative to second third, at most 1.05`,
        value,
        most: 1.05,
      }));
    const queues = ["waitingEvents", "pendingMessages"].flatMap((name) => {
      const second = figures[`${name}.secondThird`];
      if (second === undefined) return [];
      return {
        title: `${workload}: ${name} in the last third, with ${figure(second)} in the second`,
        value: figures[`${name}.lastThird`],
        most: second * QUEUE_SLACK.times + QUEUE_SLACK.more,
      };
    });
    return [...memory, ...queues];
  });
}
