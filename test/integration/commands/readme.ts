import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A block of commands, and the output that the page shows below it, if any. */
type Block = { commands: string; shown: string | undefined };

/** The pages with commands, in the order in which a reader follows them. */
const pages = ["README.md", "docs/api.md"].map((page) => readFileSync(join(root, page), "utf8"));
const BLOCK = /^```sh\n([\s\S]*?)^```\n(?:\n((?: {4}.*\n)+))?/gm;

/** All blocks of commands of the pages. */
export function blocks(): Block[] {
  return [...pages.join("\n").matchAll(BLOCK)].map(([, commands = "", shown]) => ({
    commands,
    shown: shown?.replace(/^ {4}/gm, ""),
  }));
}

/** The module of grpcurl with the version that the page names. */
export function grpcurlModule(): string {
  return /`go install (\S+@v[\d.]+)`/.exec(pages.join("\n"))?.[1] ?? "";
}

/** Whether the output contains what is shown. "…" matches anything, and line breaks are ignored. */
export function shows(shown: string, output: string): boolean {
  const pieces = shown.replaceAll("\n", "").split("…").map(RegExp.escape);
  return new RegExp(pieces.join(".*")).test(output);
}
