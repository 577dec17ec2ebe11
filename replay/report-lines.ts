import type { Compared } from "./compared.ts";
import type { Counts } from "./place.ts";

/** "same    orders: 32" or "DIFFERS orders: 31 instead of 32". */
export function comparedLine<T>(name: string, { same, expected, found }: Compared<T>): string {
  return `  ${same ? "same   " : "DIFFERS"} ${name}: ${found}${same ? "" : ` instead of ${expected}`}`;
}

export function sumOfCounts(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The counts in brackets, " (STOCK_NOT_ENOUGH 3)"; "" of none. */
export function countsText(counts: Counts): string {
  const each = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return each.length === 0 ? "" : ` (${each.join(", ")})`;
}
