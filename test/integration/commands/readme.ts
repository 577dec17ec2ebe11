import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Commands as a reader copies them, and what the text shows of their output, if it does. */
export type Block = { commands: string; shown: string | undefined };

const readme = readFileSync(join(root, "README.md"), "utf8");
const BLOCK = /^```sh\n([\s\S]*?)^```\n(?:\n((?: {4}.*\n)+))?/gm;

export function blocksOf(title: string): Block[] {
  const section = readme.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? "";
  return [...section.matchAll(BLOCK)].map(([, commands = "", shown]) => ({
    commands,
    shown: shown?.replace(/^ {4}/gm, ""),
  }));
}

/** The module of grpcurl with its version, as the text tells to install it. */
export function grpcurlModule(): string {
  return /`go install (\S+@v[\d.]+)`/.exec(readme)?.[1] ?? "";
}

/** Whether the output has all that is shown; "…" stands for anything, and lines are broken for the reader alone. */
export function shows(shown: string, output: string): boolean {
  const pieces = shown.replaceAll("\n", "").split("…").map(RegExp.escape);
  return new RegExp(pieces.join(".*")).test(output);
}
