import type { Costs, FunctionCost } from "./functions.ts";

/** A table of the functions with the most time of their own, below a summary line. */
export function costTable(
  { busyMs, elapsedMs, functions }: Costs,
  { orders, top }: { orders: number; top: number },
): string {
  const percent = (ms: number) => `${((100 * ms) / busyMs).toFixed(1)} %`;
  const perOrder = (ms: number) => (orders > 0 ? ((1_000 * ms) / orders).toFixed(1) : "-");
  const cells = (cost: FunctionCost) => [
    percent(cost.selfMs),
    perOrder(cost.selfMs),
    percent(cost.totalMs),
    cost.name,
    cost.place,
  ];
  const rows = [
    ["self", "µs/order", "total", "function", "where"],
    ...functions.slice(0, top).map(cells),
  ];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (row: string[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < 3 ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  const busy = `${((100 * busyMs) / elapsedMs).toFixed(0)} % of one core`;
  return [
    `busy ${busy}, ${orders} orders, ${perOrder(busyMs)} µs per order`,
    ...rows.map(line),
  ].join("\n");
}
