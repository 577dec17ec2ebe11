import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "../telemetry/log.ts";

export type Periodic = {
  /** Runs the work now instead of after the rest of the interval. */
  nudge(): void;
  /** Resolves when the current run has ended. No other begins. */
  stop(): Promise<void>;
};

/**
 * Runs `work` every `everyMs`, never twice at the same time, until stopped. If it returns true
 * there is more to do, and it runs again at once. If it throws, the error is logged and it runs
 * again after the interval, so the work must be safe to repeat. `name` names it in the log.
 */
export function periodically(options: {
  name: string;
  everyMs: number;
  log: Log;
  work: (signal: AbortSignal) => Promise<boolean | undefined>;
}): Periodic {
  const stopping = new AbortController();
  let wake = new AbortController();
  const run = async () => {
    while (!stopping.signal.aborted) {
      let more: boolean | undefined;
      try {
        more = await options.work(stopping.signal);
      } catch (error) {
        if (stopping.signal.aborted) break;
        options.log.warn({ err: error, work: options.name }, "periodic work failed, retrying");
      }
      if (more || stopping.signal.aborted) continue;
      await pause(options.everyMs, undefined, {
        signal: AbortSignal.any([stopping.signal, wake.signal]),
      }).catch(() => {});
      if (wake.signal.aborted) wake = new AbortController();
    }
  };
  const done = run();
  return {
    nudge: () => wake.abort(),
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}
