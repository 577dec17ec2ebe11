import { AFTERWARDS } from "../rounds/overload.ts";
import type { TargetName } from "../target.ts";
import type { Cell } from "./result.ts";
import { figure } from "./words.ts";

/** Something that the shop should reach, what it reached, and whether that is enough. */
type Bar = { says: string; value: number; reached: boolean };

type Wanted = { says: string; value: number | undefined; least?: number; most?: number };

const FULL = "256 in flight";
/** Behind the name of a workload that was done in a shop with many orders. */
export const FILLED = ", filled";

/** What can be said of these cells; a bar whose workload was not run is left out. */
export function barsOf(cells: readonly Cell[]): Bar[] {
  const of = (
    workload: string,
    load: string | undefined,
    name: string,
    target: TargetName = "shop",
  ) =>
    cells.find(
      (cell) =>
        cell.workload === workload &&
        (load === undefined || cell.load === load) &&
        cell.target === target,
    )?.figures[name];
  const ratio = (one: number | undefined, other: number | undefined) =>
    one === undefined || !other ? undefined : one / other;
  const against = (workload: string, load: string, name: string, target: TargetName) =>
    ratio(of(workload, load, name), of(workload, load, name, target));
  const wanted: Wanted[] = [
    {
      says: "place at 256 in flight: CPU an order, of the monolith's, at most 0.5",
      value: against("place", FULL, "cpuMs", "monolith"),
      most: 0.5,
    },
    {
      says: "place at 256 in flight: orders a second, of the monolith's, at least 1.5",
      value: against("place", FULL, "perSecond", "monolith"),
      least: 1.5,
    },
    {
      says: "place at 256 in flight: orders a second, of the bare call's, at least 0.6",
      value: against("place", FULL, "perSecond", "bare"),
      least: 0.6,
    },
    {
      says: "hot at 256 in flight: orders a second, of the monolith's, at least 2",
      value: against("hot", FULL, "perSecond", "monolith"),
      least: 2,
    },
    {
      says: "hot at 256 in flight: orders a second, of our own place, at least 0.9",
      value: ratio(of("hot", FULL, "perSecond"), of("place", FULL, "perSecond")),
      least: 0.9,
    },
    {
      says: "place at 1 in flight: p50, of the monolith's, at most 2.5",
      value: against("place", "1 in flight", "p50Ms", "monolith"),
      most: 2.5,
    },
    {
      says: "flash: pieces sold, exactly 100",
      value: of("flash", undefined, "done"),
      most: 100,
      least: 100,
    },
    {
      says: "flash: p99 of the refusals in ms, below 1,000",
      value: of("flash", undefined, "refused.p99Ms"),
      most: 1_000,
    },
    {
      says: "callback beside place at half its maximum: p99 in ms, below 50",
      value: of("callback beside place", "200 a second", "p99Ms"),
      most: 50,
    },
    {
      says: "callback beside place: callback to points, p99 in ms, below 1,000",
      value: of("callback beside place", "200 a second", "toPoints.p99Ms"),
      most: 1_000,
    },
    {
      says: "twice the maximum offered: orders a second, of the maximum, at least 0.8",
      value: of("overload", undefined, "ofMaximum"),
      least: 0.8,
    },
    {
      says: "twice the maximum offered: refused in another way than RESOURCE_EXHAUSTED, none",
      value: of("overload", undefined, "refusedOtherwise"),
      most: 0,
    },
    {
      says: "after it, without a restart: orders a second, of the maximum, at least 0.8",
      value: of(AFTERWARDS, undefined, "ofMaximum"),
      least: 0.8,
    },
    {
      says: "place at 256 in flight in a shop that was filled: orders a second, of before, at least 0.9",
      value: ratio(of(`place${FILLED}`, FULL, "perSecond"), of("place", FULL, "perSecond")),
      least: 0.9,
    },
    ...growths(cells),
  ];
  return wanted.flatMap(({ says, value, least = 0, most = Number.POSITIVE_INFINITY }) => {
    if (value === undefined || Number.isNaN(value)) return [];
    return [{ says, value, reached: value >= least && value <= most }];
  });
}

/** What a queue may have more in the last third of a long run than in the second: chance is no growth. */
const QUEUE_SLACK = { times: 1.25, more: 100 };

/** Of a long run: memory of each process, and queues. */
function growths(cells: readonly Cell[]): Wanted[] {
  return cells.flatMap(({ workload, figures }) => {
    const memory = Object.entries(figures)
      .filter(([name]) => name.startsWith("memoryGrowth.") && !name.endsWith(".database"))
      .map(([name, value]) => ({
        says: `${workload}: memory of ${name.slice("memoryGrowth.".length)}, last third of second third, at most 1.05`,
        value,
        most: 1.05,
      }));
    const queues = ["waitingEvents", "pendingMessages"].flatMap((name) => {
      const second = figures[`${name}.secondThird`];
      if (second === undefined) return [];
      return {
        says: `${workload}: ${name} in the last third, beside ${figure(second)} in the second`,
        value: figures[`${name}.lastThird`],
        most: second * QUEUE_SLACK.times + QUEUE_SLACK.more,
      };
    });
    return [...memory, ...queues];
  });
}
