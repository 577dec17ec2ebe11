const GAP = 2;

/** Rows as lines of text, each column as wide as its widest cell; the last one is not padded. */
export function table(
  rows: readonly (readonly string[])[],
  { indent = 0 }: { indent?: number } = {},
): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const gap = " ".repeat(GAP);
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(gap))
    .map((line) => `${" ".repeat(indent)}${line}`.trimEnd())
    .join("\n");
}
