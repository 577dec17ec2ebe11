import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { commandLine, livingRun, type RunRecord } from "../../ops/command/running-shop.ts";
import { parentOf } from "../engines/processes.ts";

const pauseMs = 100;

/**
 * Makes this process the one that runs. Resolves to the record of another one that runs and will
 * stay; one that is stopping, or about to because its npm was killed, is waited for.
 */
export async function claimRun(
  file: string,
  record: RunRecord,
  log: (line: string) => void,
): Promise<RunRecord | undefined> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  let told = false;
  for (;;) {
    const other = livingRun(file);
    if (other === undefined) {
      if (claimed(file, record)) return undefined;
    } else if (other.state !== "stopping" && !isOrphaned(other.pid, other.ancestors)) {
      return other;
    } else if (!told) {
      log(`waiting for the earlier run (pid ${other.pid}) to stop`);
      told = true;
    }
    await pause(pauseMs);
  }
}

/** False when somebody else came first. */
function claimed(file: string, record: RunRecord): boolean {
  if (livingRun(file) === undefined) rmSync(file, { force: true });
  try {
    writeFileSync(file, JSON.stringify(record), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

export function updateRun(file: string, record: RunRecord): void {
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The processes above this one, up to the npm that started it; none when it was started without npm. */
export function ancestorsOf(pid: number, env: NodeJS.ProcessEnv): number[] {
  if (env.npm_lifecycle_event === undefined) return [];
  const parent = parentOf(pid);
  if (parent === undefined || parent <= 1) return [];
  // npm runs scripts in a shell, which may or may not replace itself by the command.
  const shell = /^\S*\b(sh|bash|dash|zsh) -c /.test(commandLine(parent) ?? "");
  const above = shell ? parentOf(parent) : undefined;
  return above === undefined || above <= 1 ? [parent] : [parent, above];
}

/** True when a process above it has gone, so that whoever started it cannot stop it any more. */
export function isOrphaned(pid: number, ancestors: number[]): boolean {
  let child = pid;
  for (const ancestor of ancestors) {
    if (parentOf(child) !== ancestor) return true;
    child = ancestor;
  }
  return false;
}
