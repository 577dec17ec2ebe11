import { renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { makeFolder } from "#platform/settings/folders.ts";
import { commandLine, livingRun, type RunRecord } from "../../ops/command/running-shop.ts";
import { parentOf } from "../engines/processes.ts";

const PAUSE_MS = 100;

/**
 * Records this process as the one that runs. Resolves to the record of another run, if one stays.
 * Waits for a run that is stopping, or will be because its npm was killed.
 */
export async function claimRun(
  file: string,
  record: RunRecord,
  log: (line: string) => void,
): Promise<RunRecord | undefined> {
  makeFolder(dirname(file), { mode: 0o700 });
  let waiting = false;
  for (;;) {
    const other = livingRun(file);
    if (other === undefined) {
      if (claimed(file, record)) return undefined;
    } else if (other.state !== "stopping" && !isOrphaned(other.pid, other.ancestors)) {
      return other;
    } else if (!waiting) {
      log(`waiting for the earlier run (pid ${other.pid}) to stop`);
      waiting = true;
    }
    await pause(PAUSE_MS);
  }
}

/** Writes the record; false if another process wrote its own first. */
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

/** The processes above this one, up to the npm that started it; empty without npm. */
export function ancestorsOf(pid: number, env: NodeJS.ProcessEnv): number[] {
  if (env.npm_lifecycle_event === undefined) return [];
  const parent = parentOf(pid);
  if (parent === undefined || parent <= 1) return [];
  // npm runs scripts in a shell, which may replace itself with the command.
  const shell = /^\S*\b(sh|bash|dash|zsh) -c /.test(commandLine(parent) ?? "");
  const above = shell ? parentOf(parent) : undefined;
  return above === undefined || above <= 1 ? [parent] : [parent, above];
}

/** Whether a process above it is gone, so that Ctrl-C no longer reaches it. */
export function isOrphaned(pid: number, ancestors: number[]): boolean {
  let child = pid;
  for (const ancestor of ancestors) {
    if (parentOf(child) !== ancestor) return true;
    child = ancestor;
  }
  return false;
}
