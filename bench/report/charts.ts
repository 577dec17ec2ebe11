import { BROKER, DATABASE, LOAD } from "../measure/meter.ts";
import type { Turn } from "../turn.ts";
import type { Cell, Result } from "./result.ts";
import { byProcess } from "./statistics.ts";

/** A plot in the form of Chart.js: data only, so that a page can contain it as JSON. */
export type Chart = { title: string; config: object };

type Series = { label: string; data: (number | null)[] | { x: number; y: number }[] };

const TARGET_COLOURS: Record<string, string> = {
  shop: "#0072b2",
  monolith: "#d55e00",
  bare: "#999999",
};
/** Distinguishable with colour vision deficiency (Okabe and Ito), and three more. */
const COLOURS = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#f0e442",
  "#7f7f7f",
  "#d55e00",
  "#332288",
  "#bbbbbb",
];

/** The plots of one workload. */
export function chartsOf(
  { cells, turns }: Pick<Result, "cells" | "turns">,
  workload: string,
): Chart[] {
  const own = cells.filter((cell) => cell.workload === workload);
  const played = turns.filter((turn) => turn.workload === workload);
  return [
    byTarget(own, { title: "per second", name: "perSecond" }),
    byTarget(own, { title: "p50, ms", name: "p50Ms", logarithmic: true }),
    byTarget(own, { title: "p99, ms", name: "p99Ms", logarithmic: true }),
    byTarget(own, { title: "p99.9, ms", name: "p999Ms", logarithmic: true }),
    cpuByProcess(own),
    curves(played),
    overTime(played),
    ...played.flatMap(memoryOverTime),
  ];
}

function byTarget(
  cells: readonly Cell[],
  { title, name, logarithmic = false }: { title: string; name: string; logarithmic?: boolean },
): Chart {
  const loads = [...new Set(cells.map(({ load }) => load))];
  const targets = [...new Set(cells.map(({ target }) => target))];
  const datasets = targets.map((target) => ({
    label: target,
    backgroundColor: TARGET_COLOURS[target],
    data: loads.map(
      (load) =>
        cells.find((cell) => cell.load === load && cell.target === target)?.figures[name] ?? null,
    ),
  }));
  const y = logarithmic ? { type: "logarithmic" } : { beginAtZero: true };
  return {
    title,
    config: { type: "bar", data: { labels: loads, datasets }, options: { scales: { y } } },
  };
}

/** Without the load generator, which is not part of the target. */
function cpuByProcess(cells: readonly Cell[]): Chart {
  const used = cells.map(({ figures }) => byProcess(figures, "cpuMs."));
  const last = [DATABASE, BROKER];
  const processes = [...new Set(used.flatMap((own) => Object.keys(own)))]
    .filter((name) => name !== LOAD)
    .sort((a, b) => last.indexOf(a) - last.indexOf(b));
  const datasets = processes.map((name, index) => ({
    label: name,
    backgroundColor: COLOURS[index % COLOURS.length],
    data: used.map((own) => own[name] ?? null),
  }));
  const labels = cells.map(({ load, target }) => `${load}, ${target}`);
  const scales = { x: { stacked: true }, y: { stacked: true, beginAtZero: true } };
  const plugins = { legend: { position: "right" } };
  return {
    title: "CPU per task, ms",
    config: { type: "bar", data: { labels, datasets }, options: { scales, plugins } },
  };
}

/** Times by percentile, with the tail as wide as the rest: at x, one in x tasks is slower. */
function curves(turns: readonly Turn[]): Chart {
  const datasets = firstOfEach(turns).map(({ label, turn }, index) => ({
    ...line(index),
    label,
    data: turn.curve
      .filter(([percentile]) => percentile < 100)
      .map(([percentile, ms]) => ({ x: 100 / (100 - percentile), y: ms })),
  }));
  const x = { type: "logarithmic", title: { display: true, text: "one in x is slower" } };
  const scales = { x, y: { type: "logarithmic" } };
  return { title: "time, ms", config: lines(datasets, scales) };
}

function overTime(turns: readonly Turn[]): Chart {
  const datasets = firstOfEach(turns).map(({ label, turn }, index) => ({
    ...line(index),
    label,
    data: turn.perSecond.map((count, second) => ({ x: second, y: count })),
  }));
  const x = { type: "linear", title: { display: true, text: "seconds" } };
  return { title: "done in each second", config: lines(datasets, { x, y: { beginAtZero: true } }) };
}

function memoryOverTime({ samples = [], target }: Turn): Chart[] {
  if (samples.length === 0) return [];
  const x = { type: "linear", title: { display: true, text: "seconds" } };
  const series = (
    label: string,
    index: number,
    of: (sample: (typeof samples)[number]) => number,
  ) => ({
    ...line(index),
    label,
    data: samples.map((sample) => ({ x: sample.atSeconds, y: of(sample) })),
  });
  const names = Object.keys(samples[0]?.memoryMib ?? {});
  const memory = names.map((name, index) =>
    series(name, index, (sample) => sample.memoryMib[name] ?? 0),
  );
  const queues = [
    series("events that have not reached all consumers", 0, (sample) => sample.waitingEvents),
    series("messages waiting at the broker", 1, (sample) => sample.pendingMessages),
  ];
  return [
    { title: `memory of ${target}, MiB`, config: lines(memory, { x, y: { beginAtZero: true } }) },
    { title: `queues of ${target}`, config: lines(queues, { x, y: { beginAtZero: true } }) },
  ];
}

function line(index: number) {
  const colour = COLOURS[index % COLOURS.length];
  return { borderColor: colour, backgroundColor: colour, pointRadius: 2, borderWidth: 1.5 };
}

function lines(datasets: Series[], scales: object) {
  return { type: "line", data: { datasets }, options: { scales } };
}

/** The first turn of each target under each load. */
function firstOfEach(turns: readonly Turn[]): { label: string; turn: Turn }[] {
  const first = new Map<string, Turn>();
  for (const turn of turns) {
    const label = `${turn.load}, ${turn.target}`;
    if (!first.has(label)) first.set(label, turn);
  }
  return [...first].map(([label, turn]) => ({ label, turn }));
}
