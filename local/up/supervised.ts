import { relative } from "node:path";
import { type Child, startChild } from "../engines/child.ts";
import { endProcess, goneWithin, livingProcess, removePid, signal } from "../engines/processes.ts";
import { SetupError } from "../engines/setup-error.ts";
import { followErrors } from "./log-follower.ts";

type SupervisedOptions = {
  name: string;
  /** The full path of its main.ts, by which an orphan is recognized. */
  main: string;
  /** Where the pid file is. */
  directory: string;
  logFile: string;
  say: (line: string) => void;
};

export type Supervised = {
  /** Ends the program of an earlier run that was killed. */
  endOrphan(): Promise<void>;
  /** Starts the program and resolves to its address when it is ready. */
  start(): Promise<string>;
  /** Asks the program to finish what it accepted and to end, and waits. */
  stop(): Promise<void>;
  kill(): void;
};

type State = SupervisedOptions & {
  pidFile: string;
  child: Child | undefined;
  stopping: boolean;
  /** Before the next restart. */
  pauseMs: number;
  restart: NodeJS.Timeout | undefined;
};

const READY_WITHIN_MS = 120_000;
/** A service gives up stopping after 90 s. */
const STOP_WITHIN_MS = 95_000;
const DRAIN_WITHIN_MS = 15_000;
const ORPHAN_WITHIN_MS = 5_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** A program that ran this long before it ended is restarted after the shortest pause. */
const STEADY_MS = 60_000;

/** What a program sends over the IPC channel. */
type Message = { ready?: boolean; address?: string };

/**
 * A program of the shop as a child process. It is restarted, after growing pauses, when it ends
 * unexpectedly. It stops when its IPC channel closes because this process is gone.
 */
export function supervised(options: SupervisedOptions): Supervised {
  const state: State = {
    ...options,
    pidFile: `${options.directory}/${options.name}.pid`,
    child: undefined,
    stopping: false,
    pauseMs: FIRST_PAUSE_MS,
    restart: undefined,
  };
  return {
    endOrphan: () => endOrphan(state),
    async start() {
      const { ready, ended } = launch(state);
      const address = await ready;
      watch(state, ended);
      return address;
    },
    stop: () => stop(state),
    kill() {
      cancelRestart(state);
      const pid = state.child?.process.pid;
      if (pid !== undefined) signal(pid, "SIGKILL");
    },
  };
}

type Launched = {
  /** Resolves to the address; rejects if the program ends before it is ready. */
  ready: Promise<string>;
  ended: Promise<void>;
};

function launch(state: State): Launched {
  const { name, main, logFile, pidFile, say } = state;
  const errors = followErrors(logFile, (error) => say(`${name}: ${error}`));
  const child = startChild([process.execPath, main], { logFile, pidFile, ipc: true });
  state.child = child;
  const beginMs = Date.now();
  const late = setTimeout(() => child.process.kill("SIGKILL"), READY_WITHIN_MS);
  const outcome = child.ended.then((how) => {
    clearTimeout(late);
    const error = errors.latest();
    errors.stop();
    state.child = undefined;
    removePid(pidFile);
    if (Date.now() - beginMs > STEADY_MS) state.pauseMs = FIRST_PAUSE_MS;
    return error === undefined ? how : `${how}: ${error}`;
  });
  const ready = new Promise<string>((resolve, reject) => {
    child.process.on("message", ({ ready, address }: Message) => {
      clearTimeout(late);
      if (ready === true) resolve(address ?? "");
    });
    void outcome.then((why) =>
      reject(new SetupError(`${name} did not start (${why}); see ${shown(logFile)}`)),
    );
  });
  return { ready, ended: outcome.then(() => {}) };
}

/** Restarts the program when it ends, until it is stopped. */
function watch(state: State, ended: Promise<void>): void {
  const { name, logFile, say } = state;
  void ended.then(() => {
    if (state.stopping) return;
    const seconds = state.pauseMs / 1_000;
    say(`${name} ended unexpectedly, restarting in ${seconds} s; see ${shown(logFile)}`);
    state.restart = setTimeout(() => {
      if (state.stopping) return;
      const next = launch(state);
      watch(state, next.ended);
      next.ready.then(
        (address) => say(`${name} is back at ${address}`),
        () => {},
      );
    }, state.pauseMs);
    state.pauseMs = Math.min(state.pauseMs * 2, LONGEST_PAUSE_MS);
  });
}

async function endOrphan({ name, main, pidFile, say }: State): Promise<void> {
  const orphan = livingProcess(pidFile, main);
  if (orphan === undefined) return;
  say(`waiting for ${name} of an earlier run (pid ${orphan}) to end`);
  // Its IPC channel is closed, so it is finishing what it accepted. A signal would cut that short.
  if (await goneWithin(orphan, main, DRAIN_WITHIN_MS)) return;
  await endProcess(orphan, main, ORPHAN_WITHIN_MS);
}

async function stop(state: State): Promise<void> {
  cancelRestart(state);
  const { child } = state;
  if (child === undefined) return;
  child.process.kill("SIGTERM");
  const force = setTimeout(() => child.process.kill("SIGKILL"), STOP_WITHIN_MS);
  await child.ended;
  clearTimeout(force);
}

function cancelRestart(state: State): void {
  state.stopping = true;
  clearTimeout(state.restart);
}

function shown(file: string): string {
  return relative(process.cwd(), file);
}
