import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Kind, PARTS } from "./parts.ts";
import type { Program } from "./programs.ts";
import type { System } from "./system.ts";

/** A place in the programs of a kind where the process can die; see platform/settings/failpoint.ts. */
export type Point = { kind: Kind; name: string };

/** What is found by running: a new await that leaves the process is covered by itself. */
export type Passed = {
  /** For Program.start: it writes down the points that it passes. */
  env(program: Program): Record<string, string>;
  /** All that was passed so far, by kind. */
  points(): Point[];
  /** What the program passed last; where it died by itself, that is where. */
  lastOf(program: Program): string | undefined;
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
    lastOf: ({ name }) => linesOf(fileOf(name)).at(-1),
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
 * Starts the program, which does not run, so that it dies as soon as it comes to one of the points. True when it has;
 * false where it came to none before `over` ended: it is dead, too, after a stop in order that may have brought it there.
 */
export async function dieAt(
  program: Program,
  points: readonly string[],
  { env, over }: { env: Record<string, string>; over: () => Promise<void> },
): Promise<boolean> {
  try {
    const armed = points.map((point) => `${point}:1:kill`).join(",");
    await program.start({ ...env, SHOP_FAILPOINT: armed });
  } catch (error) {
    // It may come there before it is ready.
    if (error instanceof Error && error.message.includes("(SIGKILL)")) return true;
    throw error;
  }
  const how = await Promise.race([program.ended(), over().then(() => "late")]);
  return (how === "late" ? await program.end("SIGTERM") : how) === "SIGKILL";
}
