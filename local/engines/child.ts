import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { closeSync, openSync, renameSync, statSync } from "node:fs";
import { writePid } from "./processes.ts";

/** A process that this one started. */
export type Child = {
  process: ChildProcess;
  /** Resolves with how it ended: "exit 1", "SIGKILL", or why it could not be started. */
  ended: Promise<string>;
};

const MAX_LOG_BYTES = 16 * 1024 * 1024;

/**
 * Starts a process in a group of its own, so that Ctrl-C at the terminal does not reach it and the
 * order of stopping is ours. Its output is appended to the log, its pid is written to the pid file.
 */
export function startChild(
  [command = "", ...args]: readonly string[],
  options: { logFile: string; pidFile: string; ipc?: boolean },
): Child {
  const log = openLog(options.logFile);
  const stdio: StdioOptions = ["ignore", log, log];
  if (options.ipc) stdio.push("ipc");
  const started = spawn(command, args, { detached: true, stdio });
  closeSync(log);
  if (started.pid !== undefined) writePid(options.pidFile, started.pid);
  const ended = new Promise<string>((resolve) => {
    started.once("error", (error) => resolve(error.message));
    started.once("exit", (code, signal) => resolve(signal ?? `exit ${code}`));
  });
  return { process: started, ended };
}

/** Opens a log for appending. A large one is renamed first, in place of the one renamed before. */
function openLog(file: string): number {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) {
    renameSync(file, `${file}.1`);
  }
  return openSync(file, "a", 0o600);
}
