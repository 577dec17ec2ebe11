import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A program of the shop in a process that can be stopped, killed and started again. */
export type ServiceProcess = {
  /**
   * Starts the program with more settings for this run, and resolves when it reports that it is
   * ready. Rejects with its output when it ends before. A program that is running is left alone.
   */
  start(env?: Record<string, string>): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /**
   * Sends a signal, by default SIGKILL, and resolves when the process is gone to how it ended, as
   * `ended` does. Does nothing when the program is not running.
   */
  end(name?: NodeJS.Signals): Promise<string>;
  /** Resolves when the process is gone to how it ended: "exit 0", or the name of the signal. */
  ended(): Promise<string>;
  /** Undefined while the program is not running. */
  pid(): number | undefined;
  /** What the program has written so far, over all its runs. */
  output(): string;
};

type ServiceProcessOptions = {
  /** The name of a service, "gateway", "sandbox", "simulators", or a name for the program of `main`. */
  service: string;
  /** The file to run. Default: the main file of the shop's program of this name. */
  main?: string;
  env: NodeJS.ProcessEnv;
  /** Where the program's output is appended. */
  logFile: string;
  /**
   * Runs it in a process group of its own, which Ctrl-C at the terminal does not reach. @default
   * false
   */
  detached?: boolean;
};

const MAINS: Record<string, string> = {
  gateway: "gateway/main.ts",
  sandbox: "simulators/sandbox/main.ts",
  simulators: "simulators/providers/main.ts",
};
const READY_WITHIN_MS = 60_000;
/** Keeps compiled modules between starts, which halves the time of a start. */
const COMPILE_CACHE = fileURLToPath(
  new URL("../../node_modules/.cache/compiled-services", import.meta.url),
);
const SHOWN_CHARACTERS = 4_000;

/**
 * Prepares a process of one of the shop's programs; `start` runs it. The process has an IPC
 * channel and stops when the channel closes, so that it does not outlive a killed test run.
 */
export function serviceProcess(options: ServiceProcessOptions): ServiceProcess {
  const { service, logFile } = options;
  let child: ChildProcess | undefined;
  let gone: Promise<string> = Promise.resolve("never started");
  let starting: Promise<void> | undefined;
  const output = () => read(logFile);

  async function start(env: Record<string, string> | undefined): Promise<void> {
    const launched = launch(options, env);
    child = launched;
    gone = new Promise((resolve) => {
      launched.once("exit", (code, name) => {
        child = undefined;
        resolve(name ?? `exit ${code}`);
      });
    });
    await untilReady(launched).catch((error: Error) => {
      throw new Error(`${service} ${error.message}:\n${output().slice(-SHOWN_CHARACTERS)}`);
    });
  }

  return {
    start(env) {
      if (child !== undefined) return starting ?? Promise.resolve();
      starting = start(env).finally(() => {
        starting = undefined;
      });
      return starting;
    },
    signal: (name) => {
      child?.kill(name);
    },
    async end(name = "SIGKILL") {
      // A frozen process takes no other signal than SIGKILL.
      child?.kill("SIGCONT");
      child?.kill(name);
      return gone;
    },
    ended: () => gone,
    pid: () => child?.pid,
    output,
  };
}

function launch(options: ServiceProcessOptions, env: Record<string, string> = {}): ChildProcess {
  const { service, main = mainOf(service), logFile, detached = false } = options;
  const file = openSync(logFile, "a");
  const launched = spawn(process.execPath, [main], {
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...options.env, ...env },
    stdio: ["ignore", file, file, "ipc"],
    detached,
  });
  closeSync(file);
  return launched;
}

function mainOf(service: string): string {
  const path = MAINS[service] ?? `services/${service}/main.ts`;
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** Resolves at the message by which a program says that it is ready. */
function untilReady(launched: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      launched.kill("SIGKILL");
      reject(new Error(`was not ready in ${READY_WITHIN_MS} ms`));
    }, READY_WITHIN_MS);
    launched.once("exit", (code, name) => {
      clearTimeout(timer);
      reject(new Error(`ended before it was ready (${name ?? `exit ${code}`})`));
    });
    launched.on("message", (message: { ready?: boolean }) => {
      if (message.ready !== true) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
