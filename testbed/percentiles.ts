/** A summary of measured times in milliseconds. */
type Spread = { count: number; p50: number; p99: number; max: number };

/** Summarizes values that are sorted in ascending order. */
export function spread(sorted: readonly number[]): Spread {
  return {
    count: sorted.length,
    p50: percentile(sorted, 50),
    p99: percentile(sorted, 99),
    max: percentile(sorted, 100),
  };
}

/** The smallest of the sorted values that at least `percent` % of them do not exceed; 0 if empty. */
export function percentile(sorted: readonly number[], percent: number): number {
  const index = Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1);
  return rounded(sorted[index] ?? 0);
}

/** Rounded to two decimals, for reports. */
export function rounded(value: number): number {
  return Number(value.toFixed(2));
}
