import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { CommandError } from "../ops/command/command.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs a program in the root folder with this process's input and output. Throws a CommandError
 * with its exit code where it fails.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): void {
  const options = { cwd: root, env: { ...process.env, ...env }, stdio: "inherit" } as const;
  const { status, error } = spawnSync(program, args, options);
  if (status === 0) return;
  const why = error === undefined ? "; see above" : `: ${error.message}`;
  throw new CommandError(`${program} failed${why}`);
}
