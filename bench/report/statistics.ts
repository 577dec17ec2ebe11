import type { Figures } from "../measure/figures.ts";

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Of each figure by itself; of one that not every turn has, among those that have it. */
export function medians(turns: readonly Figures[]): Figures {
  const names = new Set(turns.flatMap((figures) => Object.keys(figures)));
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      median(turns.map((figures) => figures[name]).filter((value) => value !== undefined)),
    ]),
  );
}

/** How far the values are apart: the largest by the smallest. */
export function spreadRatio(values: readonly number[]): number {
  return Math.max(...values) / Math.min(...values);
}
