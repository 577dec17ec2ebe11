import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Kind, PARTS } from "./parts.ts";
import type { Program } from "./programs.ts";
import type { System } from "./system.ts";

/** A place in the programs of a kind where the process can die; see platform/process/failpoint.ts. */
export type Point = { kind: Kind; name: string };

/** What is found by running: a new await that leaves the process is covered by itself. */
export type Passed = {
  /** For Program.start: it writes down the points that it passes. */
  env(program: Program): Record<string, string>;
  /** All that was passed so far, by kind. */
  points(): Point[];
};

export function recordPoints({ directory }: Pick<System, "directory">): Passed {
  const fileOf = (name: string) => join(directory, `${name}.points`);
  return {
    env: ({ name }) => ({ SHOP_FAILPOINT_LOG: fileOf(name) }),
    points() {
      const found = new Map<string, Point>();
      for (const { name: part, kind } of PARTS) {
        for (const name of linesOf(fileOf(part))) found.set(`${kind} ${name}`, { kind, name });
      }
      return [...found.values()];
    },
  };
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}

/**
 * Starts the program, which does not run, so that it dies the first time it comes to the point. True when it has; false
 * where it did not come there before `over` ended: it is dead, too, after a stop in order that may have brought it there.
 */
export async function dieAt(
  program: Program,
  point: string,
  { env, over }: { env: Record<string, string>; over: () => Promise<void> },
): Promise<boolean> {
  try {
    await program.start({ ...env, SHOP_FAILPOINT: `${point}:1:kill` });
  } catch (error) {
    // It may come there before it is ready.
    if (error instanceof Error && error.message.includes("(SIGKILL)")) return true;
    throw error;
  }
  const how = await Promise.race([program.ended(), over().then(() => "late")]);
  return (how === "late" ? await program.end("SIGTERM") : how) === "SIGKILL";
}
