import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Commands as a reader copies them, and what the text shows of their output, if it does. */
export type Block = { commands: string; shown: string | undefined };

/** The pages whose commands are typed, in the order in which a reader goes on from one to the next. */
const pages = ["README.md", "docs/api.md"].map((page) => readFileSync(join(root, page), "utf8"));
const BLOCK = /^```sh\n([\s\S]*?)^```\n(?:\n((?: {4}.*\n)+))?/gm;

/** Every block of commands of the pages. */
export function blocks(): Block[] {
  return [...pages.join("\n").matchAll(BLOCK)].map(([, commands = "", shown]) => ({
    commands,
    shown: shown?.replace(/^ {4}/gm, ""),
  }));
}

/** The module of grpcurl with its version, as the text tells to install it. */
export function grpcurlModule(): string {
  return /`go install (\S+@v[\d.]+)`/.exec(pages.join("\n"))?.[1] ?? "";
}

/** Whether the output has all that is shown; "…" stands for anything, and lines are broken for the reader alone. */
export function shows(shown: string, output: string): boolean {
  const pieces = shown.replaceAll("\n", "").split("…").map(RegExp.escape);
  return new RegExp(pieces.join(".*")).test(output);
}
