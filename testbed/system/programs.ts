import { join } from "node:path";
import { type ServiceProcess, serviceProcess } from "../shop/service-process.ts";
import { killAtExit } from "./last-resort.ts";
import { type Kind, PARTS } from "./parts.ts";

/** One process of the shop, under a name such as "order1". */
export type Program = {
  name: string;
  kind: Kind;
  /** Starts it, where it does not run, with more settings for this run of it. Resolves when it is ready. */
  start(env?: Record<string, string>): Promise<void>;
  /** Ends it by a signal (default SIGKILL); resolves to how it went: "exit 0", "SIGKILL". */
  end(signal?: NodeJS.Signals): Promise<string>;
  /** Resolves when it has ended by itself, for example at a failpoint, to how. */
  ended(): Promise<string>;
  signal(name: NodeJS.Signals): void;
  pid(): number | undefined;
  /** What it has written so far, over all its runs. */
  output(): string;
};

/** None of them runs yet. */
export function programs(
  directory: string,
  envOf: (name: string, kind: Kind) => Record<string, string>,
): Map<string, Program> {
  return new Map(
    PARTS.map(({ name, kind }) => {
      const logFile = join(directory, `${name}.log`);
      // What this program was started with may name other servers; a service gets only what is its own.
      const inherited = { PATH: process.env.PATH, HOME: process.env.HOME, TZ: process.env.TZ };
      const env = { ...inherited, ...envOf(name, kind) };
      const running = serviceProcess({ service: kind, env, logFile, detached: true });
      killAtExit(running.pid);
      return [name, program({ name, kind, running })];
    }),
  );
}

function program(options: { name: string; kind: Kind; running: ServiceProcess }): Program {
  const { name, kind, running } = options;
  let starting: Promise<void> | undefined;
  return {
    name,
    kind,
    start(env) {
      if (running.pid() !== undefined) return starting ?? Promise.resolve();
      starting = running.start(env).finally(() => {
        starting = undefined;
      });
      return starting;
    },
    end: (signal = "SIGKILL") => running.end(signal),
    ended: () => running.ended(),
    signal: running.signal,
    pid: running.pid,
    output: running.output,
  };
}
