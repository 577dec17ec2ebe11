import type { Verdict } from "../replay/verdict.ts";

/** Of times in milliseconds, sorted. */
export type Spread = { count: number; p50: number; p99: number; max: number };

export function spread(sorted: readonly number[]): Spread {
  return {
    count: sorted.length,
    p50: percentile(sorted, 50),
    p99: percentile(sorted, 99),
    max: percentile(sorted, 100),
  };
}

/** Of sorted values: the smallest that is not below so many percent of them. */
export function percentile(sorted: readonly number[], percent: number): number {
  const index = Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1);
  return rounded(sorted[index] ?? 0);
}

export function rounded(value: number): number {
  return Number(value.toFixed(2));
}

export function money(cents: bigint): string {
  return `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
}

export function said<T>(what: string, verdict: Verdict<T>): string {
  const { same, expected, found } = verdict;
  return `  ${same ? "same   " : "DIFFERS"} ${what}: ${found}${same ? "" : ` instead of ${expected}`}`;
}

export function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

export function refusalsOf(refusals: Record<string, number>): string {
  const each = Object.entries(refusals).map(([reason, count]) => `${reason} ${count}`);
  return each.length === 0 ? "" : ` (${each.join(", ")})`;
}
