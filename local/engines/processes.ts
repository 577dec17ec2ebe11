import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { commandLine } from "../../ops/command/running-shop.ts";

/** The parent of a process; undefined if the process is gone. */
export function parentOf(pid: number): number | undefined {
  try {
    if (process.platform === "linux") {
      // The second field, the name in brackets, may contain spaces and brackets.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    }
    const args = ["-o", "ppid=", "-p", String(pid)];
    return Number(
      execFileSync("ps", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
    );
  } catch {
    return undefined;
  }
}

export function writePid(file: string, pid: number): void {
  writeFileSync(file, `${pid}\n`);
}

export function removePid(file: string): void {
  rmSync(file, { force: true });
}

/**
 * The process of a pid file, if it still runs and has `mark` in its command line. The mark excludes
 * another program that got the same pid since.
 */
export function livingProcess(file: string, mark: string): number | undefined {
  let pid: number;
  try {
    pid = Number(readFileSync(file, "utf8").trim());
  } catch {
    return undefined;
  }
  if (!Number.isSafeInteger(pid) || pid < 2) return undefined;
  return commandLine(pid)?.includes(mark) === true ? pid : undefined;
}

/** Sends a signal. A process that is already gone is not an error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Waits for a process that is ending. Resolves to false if it takes longer. */
export async function goneWithin(pid: number, mark: string, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (commandLine(pid)?.includes(mark) === true) {
    if (Date.now() > deadline) return false;
    await pause(50);
  }
  return true;
}

/** Asks a process to end, waits for it, and kills it if it takes longer than `withinMs`. */
export async function endProcess(pid: number, mark: string, withinMs: number): Promise<void> {
  signal(pid, "SIGCONT");
  signal(pid, "SIGTERM");
  if (await goneWithin(pid, mark, withinMs)) return;
  signal(pid, "SIGKILL");
  await goneWithin(pid, mark, withinMs);
}
