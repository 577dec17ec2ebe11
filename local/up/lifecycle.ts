import type { RunRecord } from "../../ops/command/running-shop.ts";
import { isOrphaned, updateRun } from "./run-record.ts";

/** Thrown between two steps of the start after a request to stop. */
export class Interrupted extends Error {}

export type Lifecycle = {
  record: RunRecord;
  /** Registers work for `stop`, which runs the latest first. */
  atStop(work: () => Promise<void>): void;
  /** Registers work for a second request to stop, which runs at once. */
  atHurry(work: () => void): void;
  /** Throws Interrupted after a request to stop. */
  checkpoint(): void;
  save(): void;
  /** Resolves at a request to stop, with its cause for people. */
  stopRequested: Promise<string>;
  /** Runs the registered work. An error is printed and does not keep the rest from stopping. */
  stop(): Promise<void>;
};

// The terminal signals the whole process group, and npm passes the same signal on.
const SAME_SIGNAL_MS = 2_000;
const WATCH_EVERY_MS = 500;

/** SIGINT, SIGTERM, SIGHUP and the end of the npm above this process are requests to stop. */
export function lifecycle(file: string, record: RunRecord, say: (line: string) => void): Lifecycle {
  const stopWork: (() => Promise<void>)[] = [];
  const hurryWork: (() => void)[] = [];
  let reason: string | undefined;
  let requestedAtMs = 0;
  const { promise: stopRequested, resolve } = Promise.withResolvers<string>();

  function requestStop(cause: string): void {
    if (reason === undefined) {
      reason = cause;
      requestedAtMs = Date.now();
      resolve(cause);
    } else if (Date.now() - requestedAtMs > SAME_SIGNAL_MS) {
      for (const hurry of hurryWork) hurry();
    }
  }

  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(name, () => requestStop(name));
  // The terminal may close first; output that cannot be written is lost.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const watch = setInterval(() => {
    if (reason === undefined && isOrphaned(process.pid, record.ancestors))
      requestStop("npm is gone");
  }, WATCH_EVERY_MS);
  watch.unref();

  return {
    record,
    stopRequested,
    atStop: (work) => stopWork.push(work),
    atHurry: (work) => hurryWork.push(work),
    checkpoint() {
      if (reason !== undefined) throw new Interrupted(reason);
    },
    save: () => updateRun(file, record),
    async stop() {
      record.state = "stopping";
      updateRun(file, record);
      for (const work of stopWork.reverse()) {
        try {
          await work();
        } catch (error) {
          say(`error while stopping: ${(error as Error).message}`);
        }
      }
    },
  };
}
