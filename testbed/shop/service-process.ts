import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export type ServiceProcess = {
  /** Resolves when the service says that it is ready; rejects with what it wrote when it ends before. */
  start(env?: Record<string, string>): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Sends a signal and waits until the process is gone. Nothing happens when it does not run. */
  end(name: NodeJS.Signals): Promise<string>;
  /** Resolves when it is gone to how it went: "exit 0" or the signal's name. */
  ended(): Promise<string>;
  /** Undefined while it does not run. */
  pid(): number | undefined;
  output(): string;
};

const mains: Record<string, string> = {
  gateway: "gateway/main.ts",
  sandbox: "simulators/sandbox/main.ts",
  monolith: "bench/monolith/main.ts",
  bare: "bench/bare/main.ts",
};
const readyWithinMs = 60_000;
/** Compiled modules are kept from one start to the next: it halves the time that a start takes. */
const compileCache = fileURLToPath(
  new URL("../../node_modules/.cache/compiled-services", import.meta.url),
);
const shownCharacters = 4_000;

/**
 * A service as a process of its own. It has an IPC channel: were the tests killed, it would notice
 * and stop by itself.
 */
export function serviceProcess(options: {
  /** A service, or another program of the shop. */
  service: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
  /** In a process group of its own, so that Ctrl-C at the terminal reaches only whoever started it. Default false. */
  detached?: boolean;
}): ServiceProcess {
  const { service, logFile } = options;
  const path = mains[service] ?? `services/${service}/main.ts`;
  const main = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  let child: ChildProcess | undefined;
  let gone: Promise<string> = Promise.resolve("never started");

  const output = () => {
    try {
      return readFileSync(logFile, "utf8");
    } catch {
      return "";
    }
  };

  function launch(env: Record<string, string> | undefined): ChildProcess {
    const file = openSync(logFile, "a");
    const launched = spawn(process.execPath, [main], {
      env: { NODE_COMPILE_CACHE: compileCache, ...options.env, ...env },
      stdio: ["ignore", file, file, "ipc"],
      detached: options.detached ?? false,
    });
    closeSync(file);
    child = launched;
    gone = new Promise((resolve) => {
      launched.once("exit", (code, name) => {
        child = undefined;
        resolve(name ?? `exit ${code}`);
      });
    });
    return launched;
  }

  return {
    start(env) {
      const launched = launch(env);
      return new Promise((resolve, reject) => {
        const fail = (how: string) =>
          reject(new Error(`${service} ${how}:\n${output().slice(-shownCharacters)}`));
        const timer = setTimeout(() => {
          launched.kill("SIGKILL");
          fail(`was not ready in ${readyWithinMs} ms`);
        }, readyWithinMs);
        launched.once("exit", (code, name) => {
          clearTimeout(timer);
          fail(`ended before it was ready (${name ?? `exit ${code}`})`);
        });
        launched.on("message", (message: { ready?: boolean }) => {
          if (message.ready !== true) return;
          clearTimeout(timer);
          resolve();
        });
      });
    },
    signal: (name) => {
      child?.kill(name);
    },
    async end(name) {
      // One that was frozen would never take a signal other than SIGKILL.
      child?.kill("SIGCONT");
      child?.kill(name);
      return gone;
    },
    ended: () => gone,
    pid: () => child?.pid,
    output,
  };
}
