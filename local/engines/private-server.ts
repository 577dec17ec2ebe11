import { readFileSync, rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { type Child, startChild } from "./child.ts";
import { assertPortFree } from "./ports.ts";
import { endProcess, livingProcess, removePid, signal } from "./processes.ts";
import { SetupError } from "./setup-error.ts";

type ServerSpec = {
  name: string;
  command: string;
  args: string[];
  /** Put before the command at each start, such as `env NAME=value`. Default: nothing. */
  prefix?: () => readonly string[];
  /** A part of the command line that no other process has: the configuration file. */
  mark: string;
  /** Where the pid file and the log are. */
  directory: string;
  port: number;
  /** Logs in once; rejects while the server is not ready. */
  probe: () => Promise<unknown>;
  readyWithinMs: number;
  stopWithinMs: number;
  log: (line: string) => void;
};

export type PrivateServer = {
  /** Ends what an earlier run left, starts the server, and resolves when a login succeeds. */
  start(): Promise<void>;
  /** Asks the server to end and waits; it may be started again. */
  stop(): Promise<void>;
  /** Kills the server and leaves it down until `start`. */
  kill(): Promise<void>;
  pid(): number | undefined;
};

type State = {
  spec: ServerSpec;
  pidFile: string;
  logFile: string;
  child: Child | undefined;
  /** Whether the server is to run; while it is, one that ends is restarted. */
  wanted: boolean;
  /** Counts starts, so that the watch over an earlier one ends. */
  starts: number;
};

const PROBE_PAUSE_MS = 50;
const FIRST_RESTART_MS = 500;
const LONGEST_RESTART_MS = 30_000;

/** A server that is restarted, after growing pauses, when it ends unexpectedly. */
export function privateServer(spec: ServerSpec): PrivateServer {
  const state: State = {
    spec,
    pidFile: `${spec.directory}/server.pid`,
    logFile: `${spec.directory}/server.log`,
    child: undefined,
    wanted: false,
    starts: 0,
  };
  return {
    start: () => start(state),
    stop: () => end(state, "SIGTERM"),
    kill: () => end(state, "SIGKILL"),
    pid: () => state.child?.process.pid,
  };
}

async function start(state: State): Promise<void> {
  const { spec, pidFile } = state;
  if (state.wanted) return;
  const orphan = livingProcess(pidFile, spec.mark);
  if (orphan !== undefined) {
    spec.log(`stopping ${spec.name} of an earlier run (pid ${orphan})`);
    await endProcess(orphan, spec.mark, spec.stopWithinMs);
  }
  await assertPortFree(spec.port, spec.name);
  const child = launch(state);
  try {
    await untilReady(state, child);
  } catch (error) {
    await end(state, "SIGTERM");
    throw error;
  }
  state.wanted = true;
  state.starts += 1;
  void watch(state, child);
}

function launch(state: State): Child {
  const { spec, logFile, pidFile } = state;
  const command = [...(spec.prefix?.() ?? []), spec.command, ...spec.args];
  state.child = startChild(command, { logFile, pidFile });
  return state.child;
}

async function untilReady({ spec, logFile }: State, child: Child): Promise<void> {
  const deadlineMs = Date.now() + spec.readyWithinMs;
  let outcome: string | undefined;
  void child.ended.then((how) => {
    outcome = how;
  });
  for (;;) {
    try {
      await spec.probe();
      return;
    } catch (error) {
      if (outcome !== undefined) {
        throw new SetupError(`${spec.name} did not start (${outcome}): ${lastError(logFile)}`);
      }
      if (Date.now() > deadlineMs) {
        const seconds = spec.readyWithinMs / 1_000;
        const { message } = error as Error;
        throw new SetupError(`${spec.name} is not ready after ${seconds} s: ${message}`);
      }
    }
    await pause(PROBE_PAUSE_MS);
  }
}

async function watch(state: State, child: Child): Promise<void> {
  const { spec, starts } = state;
  const isWanted = () => state.wanted && state.starts === starts;
  const how = await child.ended;
  if (state.starts === starts) state.child = undefined;
  for (let wait = FIRST_RESTART_MS; isWanted(); wait = Math.min(wait * 2, LONGEST_RESTART_MS)) {
    spec.log(`${spec.name} ended unexpectedly (${how}), restarting`);
    await pause(wait);
    if (!isWanted()) return;
    const next = launch(state);
    try {
      await untilReady(state, next);
      void watch(state, next);
      return;
    } catch (error) {
      spec.log((error as Error).message);
      if (next.process.pid !== undefined) signal(next.process.pid, "SIGKILL");
      await next.ended;
    }
  }
}

async function end(state: State, how: NodeJS.Signals): Promise<void> {
  state.wanted = false;
  const { spec, child, pidFile } = state;
  const pid = child?.process.pid;
  if (pid !== undefined) {
    signal(pid, "SIGCONT");
    signal(pid, how);
    const force = setTimeout(() => signal(pid, "SIGKILL"), spec.stopWithinMs);
    await child?.ended;
    clearTimeout(force);
  }
  state.child = undefined;
  removePid(pidFile);
}

/** The line of a server's log that most likely says why it ended. */
function lastError(logFile: string): string {
  const lines = readFileSync(logFile, "utf8")
    .slice(-8_000)
    .split("\n")
    .filter((line) => line.trim());
  const error = lines.findLast(
    (line) => /\[(ERROR|ERR|FTL)\]|error:/i.test(line) && !/Aborting/.test(line),
  );
  return `${error ?? lines.at(-1) ?? "its log is empty"} (${logFile})`;
}

/** Ends the servers that keep their data in these directories, and removes their pid files. */
export async function endServersOf(directories: string[], mark: string): Promise<void> {
  for (const directory of directories) {
    const pidFile = `${directory}/server.pid`;
    const pid = livingProcess(pidFile, mark);
    if (pid !== undefined) await endProcess(pid, mark, 10_000);
    rmSync(pidFile, { force: true });
  }
}
