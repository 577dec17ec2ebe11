import { writeFileSync } from "node:fs";
import { barsOf } from "./bars.ts";
import { page } from "./page.ts";
import type { Result } from "./result.ts";

/** Writes the files that the options name. */
export function write(result: Result): void {
  const { json, html } = result.options;
  if (json !== undefined) {
    const all = { ...result, bars: barsOf(result.cells) };
    writeFileSync(json, `${JSON.stringify(all, undefined, 1)}\n`);
  }
  if (html !== undefined) writeFileSync(html, page(result));
}
