import type { RunRecord } from "../../ops/command/running-shop.ts";
import { isOrphaned, updateRun } from "./run-record.ts";

/** Thrown between two steps of the start when somebody has asked to stop. */
export class Interrupted extends Error {}

export type Lifecycle = {
  record: RunRecord;
  /** Is run when everything stops, the latest first. */
  atStop(work: () => Promise<void>): void;
  /** Is run at once when somebody asks a second time. */
  atHurry(work: () => void): void;
  /** Throws where the start should not go on. */
  checkpoint(): void;
  save(): void;
  /** Resolves when somebody asks to stop, with the reason for people. */
  asked: Promise<string>;
  /** Runs what was registered. Errors are shown and do not keep the rest from stopping. */
  stop(): Promise<void>;
};

// npm hands a signal on that the terminal has already given to the whole group.
const sameSignalMs = 2_000;
const watchEveryMs = 500;

/** Stops by SIGINT, SIGTERM, SIGHUP, or when the npm that started this process is gone. */
export function lifecycle(file: string, record: RunRecord, say: (line: string) => void): Lifecycle {
  const works: (() => Promise<void>)[] = [];
  const hurries: (() => void)[] = [];
  let reason: string | undefined;
  let askedAt = 0;
  const { promise: asked, resolve } = Promise.withResolvers<string>();

  function ask(why: string): void {
    if (reason === undefined) {
      reason = why;
      askedAt = Date.now();
      resolve(why);
    } else if (Date.now() - askedAt > sameSignalMs) {
      for (const hurry of hurries) hurry();
    }
  }

  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => ask(name));
  // The terminal may go before us; what cannot be written any more is no reason to fall over.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const watch = setInterval(() => {
    if (reason === undefined && isOrphaned(process.pid, record.ancestors)) ask("npm is gone");
  }, watchEveryMs);
  watch.unref();

  return {
    record,
    asked,
    atStop: (work) => works.push(work),
    atHurry: (work) => hurries.push(work),
    checkpoint() {
      if (reason !== undefined) throw new Interrupted(reason);
    },
    save: () => updateRun(file, record),
    async stop() {
      record.state = "stopping";
      updateRun(file, record);
      for (const work of works.reverse()) {
        try {
          await work();
        } catch (error) {
          say(`while stopping: ${(error as Error).message}`);
        }
      }
    },
  };
}
