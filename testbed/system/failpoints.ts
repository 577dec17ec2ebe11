import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Kind, PARTS } from "./parts.ts";
import type { Program } from "./programs.ts";
import type { System } from "./system.ts";

/** A failpoint in the programs of a kind; see platform/settings/failpoint.ts. */
export type Point = { kind: Kind; name: string };

/**
 * The failpoints that programs reach, found by running: a new failpoint needs no entry anywhere.
 */
export type Passed = {
  /** The environment with which a program records the failpoints that it reaches. */
  env(program: Program): Record<string, string>;
  /** All failpoints reached so far, by kind. */
  points(): Point[];
  /** The last failpoint that a program reached: where it died, if it died at one. */
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
 * Starts a program so that it dies at the first of these failpoints that it reaches. Resolves to
 * true when it has; to false when it reached none before `over` resolved. It is dead then, too,
 * after a stop by SIGTERM, during which it may still reach one.
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
    // A program may reach the failpoint before it is ready.
    if (error instanceof Error && error.message.includes("(SIGKILL)")) return true;
    throw error;
  }
  const how = await Promise.race([program.ended(), over().then(() => "late")]);
  return (how === "late" ? await program.end("SIGTERM") : how) === "SIGKILL";
}
