import type { Figures } from "../measure/figures.ts";

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The median of each figure, computed from the turns that have it. */
export function medians(turns: readonly Figures[]): Figures {
  const names = new Set(turns.flatMap((figures) => Object.keys(figures)));
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      median(turns.map((figures) => figures[name]).filter((value) => value !== undefined)),
    ]),
  );
}

/** The figures with this prefix, by the rest of the name; replicas ("order-2") are summed up. */
export function byProcess(figures: Figures, prefix: string): Figures {
  const sums: Figures = {};
  for (const [name, value] of Object.entries(figures)) {
    if (!name.startsWith(prefix)) continue;
    const process = name.slice(prefix.length).replace(/-\d+$/, "");
    sums[process] = (sums[process] ?? 0) + value;
  }
  return sums;
}
