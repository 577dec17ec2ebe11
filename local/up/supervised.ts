import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { relative } from "node:path";
import {
  endProcess,
  goneWithin,
  livingProcess,
  removePid,
  signal,
  writePid,
} from "../engines/processes.ts";
import { SetupError } from "../engines/setup-error.ts";
import { followErrors, openLog } from "./log-follower.ts";

export type SupervisedOptions = {
  name: string;
  /** Full path of its main.ts, by which an orphan is recognised, too. */
  main: string;
  /** Where the pid file is. */
  directory: string;
  logFile: string;
  say: (line: string) => void;
};

export type Supervised = {
  /** Ends what an earlier run that was killed has left, if it has not ended by itself yet. */
  endOrphan(): Promise<void>;
  /** Resolves to its address when it is ready. */
  start(): Promise<string>;
  /** Lets it finish what it accepted, and waits. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
};

const readyWithinMs = 120_000;
// A service gives up its own stopping after 90 s.
const stopWithinMs = 95_000;
const drainWithinMs = 15_000;
const orphanWithinMs = 5_000;
const firstPauseMs = 500;
const longestPauseMs = 15_000;
/** One that ran this long before it ended begins again with the shortest pause. */
const steadyMs = 60_000;

type Message = { ready?: boolean; address?: string };

/**
 * A service as a child in a process group of its own, so that Ctrl-C at the terminal does not reach
 * it before the services that use it have finished. Over its IPC channel it notices when we are gone.
 */
export function supervised(options: SupervisedOptions): Supervised {
  const { name, main, say } = options;
  const pidFile = `${options.directory}/${name}.pid`;
  const shownLog = relative(process.cwd(), options.logFile);
  let child: ChildProcess | undefined;
  let stopping = false;
  let pauseMs = firstPauseMs;
  let timer: NodeJS.Timeout | undefined;
  let gone: Promise<void> = Promise.resolve();

  /** Resolves to the address; rejects when it ends before it is ready. */
  function launch(): Promise<string> {
    const log = openLog(options.logFile);
    const errors = followErrors(options.logFile, (trouble) => say(`${name}: ${trouble}`));
    const launched = spawn(process.execPath, [main], {
      env: process.env,
      detached: true,
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    child = launched;
    if (launched.pid !== undefined) writePid(pidFile, launched.pid);
    const begun = Date.now();
    const late = setTimeout(() => launched.kill("SIGKILL"), readyWithinMs);
    const ended = new Promise<string>((resolve) => {
      launched.once("error", (error) => resolve(error.message));
      launched.once("exit", (code, how) => resolve(how ?? `exit ${code}`));
    }).then((how) => {
      clearTimeout(late);
      const trouble = errors.latest();
      errors.stop();
      child = undefined;
      removePid(pidFile);
      if (Date.now() - begun > steadyMs) pauseMs = firstPauseMs;
      return trouble === undefined ? how : `${how}: ${trouble}`;
    });
    gone = ended.then(() => {});
    return new Promise((resolve, reject) => {
      launched.on("message", ({ ready, address }: Message) => {
        clearTimeout(late);
        if (ready === true) resolve(address ?? "");
      });
      void ended.then((why) =>
        reject(new SetupError(`${name} did not start (${why}); see ${shownLog}`)),
      );
    });
  }

  function watch(): void {
    void gone.then(() => {
      if (stopping) return;
      say(`${name} ended by itself; it is started again in ${pauseMs / 1000} s (${shownLog})`);
      timer = setTimeout(() => {
        if (stopping) return;
        const ready = launch();
        watch();
        ready.then(
          (address) => say(`${name} is back at ${address}`),
          () => {},
        );
      }, pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    });
  }

  return {
    async endOrphan() {
      const orphan = livingProcess(pidFile, main);
      if (orphan === undefined) return;
      say(`${name} of an earlier run (pid ${orphan}) has to stop first`);
      // It has noticed by itself and finishes what it accepted; a signal would cut that short.
      if (await goneWithin(orphan, main, drainWithinMs)) return;
      await endProcess(orphan, main, orphanWithinMs);
    },
    async start() {
      const address = await launch();
      watch();
      return address;
    },
    async stop() {
      stopping = true;
      clearTimeout(timer);
      const running = child;
      if (running === undefined) return;
      running.kill("SIGTERM");
      const force = setTimeout(() => running.kill("SIGKILL"), stopWithinMs);
      await gone;
      clearTimeout(force);
    },
    kill() {
      stopping = true;
      clearTimeout(timer);
      if (child?.pid !== undefined) signal(child.pid, "SIGKILL");
    },
  };
}
