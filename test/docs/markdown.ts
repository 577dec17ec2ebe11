import { readFileSync } from "node:fs";

/** The rows of all tables in a page, without their heads, as cells. */
export function tableRows(page: string): string[][] {
  const lines = readFileSync(page, "utf8").split("\n");
  const isRule = (line = "") => /^\|( :?-+:? \|)+$/.test(line);
  return lines
    .filter((line, index) => line.startsWith("| ") && !isRule(line) && !isRule(lines[index + 1]))
    .map((line) => line.slice(2, -2).split(" | "));
}
