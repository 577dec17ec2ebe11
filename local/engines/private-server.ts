import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { assertPortFree } from "./ports.ts";
import { endProcess, livingProcess, removePid, signal, writePid } from "./processes.ts";
import { SetupError } from "./setup-error.ts";

export type ServerSpec = {
  name: string;
  command: string;
  args: string[];
  /** Put before the command, asked for at each start: what lets the server run in other surroundings. */
  prefix?: () => readonly string[];
  /** A part of the command line that no other process on the machine has: the configuration file. */
  mark: string;
  /** Where the pid file and the log are. */
  directory: string;
  port: number;
  /** One real login; rejects while the server is not ready. */
  probe: () => Promise<unknown>;
  readyWithinMs: number;
  stopWithinMs: number;
  log: (line: string) => void;
};

export type PrivateServer = {
  /** Ends one that an earlier run left behind, starts anew, and resolves when a login works. */
  start(): Promise<void>;
  /** Asks it to end and waits; afterwards it may be started again. */
  stop(): Promise<void>;
  /** Ends it the hard way and leaves it down until `start`. */
  kill(): Promise<void>;
  pid(): number | undefined;
};

const logLimitBytes = 16 * 1024 * 1024;
const probePauseMs = 50;
const firstRestartMs = 500;
const longestRestartMs = 30_000;

/**
 * A server in a process group of its own, so that Ctrl-C at the terminal reaches only us and we can
 * stop it last. One that dies by itself is started again, with growing pauses.
 */
export function privateServer(spec: ServerSpec): PrivateServer {
  const pidFile = `${spec.directory}/server.pid`;
  const logFile = `${spec.directory}/server.log`;
  let child: ChildProcess | undefined;
  let ended: Promise<string> = Promise.resolve("");
  let wanted = false;
  /** Counts `start`: who watched the server of an earlier one and waits to start it again has nothing to do any more. */
  let starts = 0;

  function launch(): void {
    if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > logLimitBytes) {
      renameSync(logFile, `${logFile}.1`);
    }
    const output = openSync(logFile, "a", 0o600);
    const [command = "", ...args] = [...(spec.prefix?.() ?? []), spec.command, ...spec.args];
    const started = spawn(command, args, {
      detached: true,
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    ended = new Promise((resolve) => {
      started.on("error", (error) => resolve(error.message));
      started.on("exit", (code, name) => resolve(name ?? `exit ${code}`));
    });
    child = started;
    if (started.pid !== undefined) writePid(pidFile, started.pid);
  }

  async function untilReady(): Promise<void> {
    const deadline = Date.now() + spec.readyWithinMs;
    let outcome: string | undefined;
    void ended.then((how) => {
      outcome = how;
    });
    for (;;) {
      try {
        await spec.probe();
        return;
      } catch (error) {
        if (outcome !== undefined) {
          throw new SetupError(`${spec.name} did not start (${outcome}): ${lastOf(logFile)}`);
        }
        if (Date.now() > deadline) {
          throw new SetupError(`${spec.name} is not ready in time: ${(error as Error).message}`);
        }
      }
      await pause(probePauseMs);
    }
  }

  async function watch(): Promise<void> {
    const own = starts;
    const isWanted = () => wanted && own === starts;
    const how = await ended;
    if (own === starts) child = undefined;
    for (let wait = firstRestartMs; isWanted(); wait = Math.min(wait * 2, longestRestartMs)) {
      spec.log(`${spec.name} ended by itself (${how}); it is started again`);
      await pause(wait);
      if (!isWanted()) return;
      launch();
      try {
        await untilReady();
        void watch();
        return;
      } catch (error) {
        spec.log((error as Error).message);
        await force();
      }
    }
  }

  async function force(): Promise<void> {
    const pid = child?.pid;
    if (pid !== undefined) signal(pid, "SIGKILL");
    await ended;
  }

  async function end(how: NodeJS.Signals, withinMs: number): Promise<void> {
    wanted = false;
    const pid = child?.pid;
    if (pid !== undefined) {
      signal(pid, "SIGCONT");
      signal(pid, how);
      const force = setTimeout(() => signal(pid, "SIGKILL"), withinMs);
      await ended;
      clearTimeout(force);
    }
    child = undefined;
    removePid(pidFile);
  }

  return {
    async start() {
      if (wanted) return;
      const orphan = livingProcess(pidFile, spec.mark);
      if (orphan !== undefined) {
        spec.log(`${spec.name} of an earlier run (pid ${orphan}) is stopped first`);
        await endProcess(orphan, spec.mark, spec.stopWithinMs);
      }
      await assertPortFree(spec.port, spec.name);
      launch();
      try {
        await untilReady();
      } catch (error) {
        await end("SIGTERM", spec.stopWithinMs);
        throw error;
      }
      wanted = true;
      starts += 1;
      void watch();
    },
    stop: () => end("SIGTERM", spec.stopWithinMs),
    kill: () => end("SIGKILL", spec.stopWithinMs),
    pid: () => child?.pid,
  };
}

/** The line of a server's log that most likely says why it ended. */
function lastOf(logFile: string): string {
  const lines = readFileSync(logFile, "utf8")
    .slice(-8_000)
    .split("\n")
    .filter((l) => l.trim());
  const error = lines.findLast(
    (line) => /\[(ERROR|ERR|FTL)\]|error:/i.test(line) && !/Aborting/.test(line),
  );
  return `${error ?? lines.at(-1) ?? "it said nothing"} (${logFile})`;
}

/** Ends the servers whose data lie in a directory, and forgets their pid files. */
export async function endServersOf(directories: string[], mark: string): Promise<void> {
  for (const directory of directories) {
    const pidFile = `${directory}/server.pid`;
    const pid = livingProcess(pidFile, mark);
    if (pid !== undefined) await endProcess(pid, mark, 10_000);
    rmSync(pidFile, { force: true });
  }
}
