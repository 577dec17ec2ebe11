import type { Machine } from "../measure/machine.ts";
import type { Turn } from "../turn.ts";
import { barsOf } from "./bars.ts";
import { columns, figure } from "./format.ts";
import type { Cell, Result } from "./result.ts";
import { byProcess } from "./statistics.ts";

/** The columns of a table: title and name of the figure. */
const SHOWN: [title: string, name: string][] = [
  ["per second", "perSecond"],
  ["p50 ms", "p50Ms"],
  ["p99", "p99Ms"],
  ["p99.9", "p999Ms"],
  ["CPU ms", "cpuMs"],
  ["commits", "commits"],
  ["fsyncs", "flushes"],
  ["SQL", "statements"],
  ["RPCs", "calls"],
  ["bytes", "rpcBytes"],
  ["batch", "batch"],
];

/** Smaller figures are not compared. */
const LEAST = 0.05;

/** The result as text. */
export function table(result: Result): string {
  const { machine, cells, idle, audited } = result;
  const workloads = [...new Set(cells.map(({ workload }) => workload))];
  return [
    ...machineLines(machine),
    ...(idle ? [idleLine(idle)] : []),
    ...workloads.flatMap((workload) => [
      "",
      ...section(
        workload,
        cells.filter((cell) => cell.workload === workload),
      ),
    ]),
    "",
    ...barsOf(cells).map(({ title, value, reached }) => {
      return `${reached ? "reached" : "MISSED "}  ${title}: ${figure(value)}`;
    }),
    ...(audited ? auditLines(audited) : ["the shop's books were not audited"]),
  ].join("\n");
}

function machineLines(machine: Machine): string[] {
  const { processor, cores, memoryGib, kernel, node, loadAverage, database, broker } = machine;
  return [
    `${cores} cores (${processor}), ${memoryGib} GiB, Linux ${kernel}, Node ${node}, load average ${loadAverage} before the run`,
    `${database}, ${broker}, flushed at each commit`,
    `commit ${machine.commit}${machine.changed ? " with local changes" : ""}, ${machine.time}`,
  ];
}

function idleLine(idle: NonNullable<Result["idle"]>): string {
  const each = Object.entries(idle).map(([name, ms]) => `${name} ${figure(ms)}`);
  return `idle CPU, ms per second: ${each.join(", ")}`;
}

function section(workload: string, cells: readonly Cell[]): string[] {
  const loads = [...new Set(cells.map(({ load }) => load))];
  const rows = [[workload, "", ...SHOWN.map(([title]) => title)]];
  for (const load of loads) {
    const own = cells.filter((cell) => cell.load === load);
    for (const [index, { target, figures }] of own.entries()) {
      const shown = SHOWN.map(([, name]) => figure(figures[name]));
      rows.push([index === 0 ? `  ${load}` : "", target, ...shown]);
    }
    rows.push(...ratioRows(own));
  }
  return [...columns(rows, 2), ...cells.flatMap(details)];
}

/** A row for each baseline: the shop's figures relative to it. */
function ratioRows(cells: readonly Cell[]): string[][] {
  const shop = cells.find(({ target }) => target === "shop");
  if (!shop) return [];
  return cells
    .filter((cell) => cell !== shop)
    .map(({ target, figures }) => [
      "",
      `shop / ${target}`,
      ...SHOWN.map(([, name]) => {
        const [own, other] = [shop.figures[name], figures[name]];
        const comparable = own !== undefined && other !== undefined && other >= LEAST;
        return comparable ? `x${(own / other).toFixed(2)}` : "";
      }),
    ]);
}

/** The figures that have no column. */
function details({ load, target, turns, figures, outcomes }: Cell): string[] {
  const begin = `    ${load}, ${target}:`;
  const listed = (unit: string, found: [name: string, value: number][]) => {
    const words = found.map(([name, value]) => `${name} ${figure(value)}`);
    return found.length === 0 ? [] : [`${begin} ${unit} ${words.join(", ")}`];
  };
  const named = (prefix: string, unit: string) =>
    listed(
      unit,
      Object.entries(figures)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, value]) => [name.slice(prefix.length), value]),
    );
  const others = Object.entries(outcomes).filter(([name]) => name !== "ok");
  const refused = others.map(([name, count]) => `${name} ${count}`);
  return [
    ...listed("CPU ms", Object.entries(byProcess(figures, "cpuMs."))),
    ...listed("MiB", Object.entries(byProcess(figures, "memoryMib."))),
    ...named("memoryGrowth.", "memory, last third / second third"),
    ...named("calls.", "RPCs"),
    ...named("step.", "steps, ms"),
    ...named("toPaid.", "callback to PAID, ms"),
    ...named("toPoints.", "callback to points, ms"),
    ...named("beside.", "orders beside the callbacks"),
    ...named("waitingEvents.", "waiting events"),
    ...named("pendingMessages.", "pending messages"),
    ...(figures.ofMaximum === undefined
      ? []
      : [
          `${begin} ${figure(figures.ofMaximum)} of the maximum${
            figures.offeredPerSecond === undefined
              ? ""
              : `, ${figure(figures.offeredPerSecond)} per second offered`
          }`,
        ]),
    ...(refused.length === 0
      ? []
      : [
          `${begin} in ${turns} turns: ok ${outcomes.ok ?? 0}, ${refused.join(", ")}; refusals p50 ${figure(figures["refused.p50Ms"])} ms, p99 ${figure(figures["refused.p99Ms"])} ms`,
        ]),
  ];
}

function auditLines({ rules, broken, seconds }: NonNullable<Result["audited"]>): string[] {
  const end = `${rules} rules, ${seconds.toFixed(1)} s`;
  if (broken.length === 0) return [`the shop's books are right (${end})`];
  return [`the shop's books are WRONG (${end})`, ...broken.map((line) => `  ${line}`)];
}

/** A line about a turn, printed when it has ended. */
export function turnLine(turn: Turn, place: { turn: number; of: number }): string {
  const { workload, load, target, figures } = turn;
  const what = `${workload}, ${load}`.padEnd(40);
  const which = `${place.turn + 1}/${place.of}`.padEnd(5);
  const failed = figures.notDone ? `, ${figures.notDone} failed` : "";
  return `${which} ${what} ${target.padEnd(9)} ${figure(figures.perSecond)} per second, p50 ${figure(figures.p50Ms)} ms, p99 ${figure(figures.p99Ms)} ms, CPU ${figure(figures.cpuMs)} ms${failed}`;
}
