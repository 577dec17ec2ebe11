import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "../telemetry/log.ts";

export type Periodic = {
  /** Runs the work soon, without waiting for the rest of the interval. */
  nudge(): void;
  /** Ends after the run that is under way. */
  stop(): Promise<void>;
};

/**
 * Runs `work` again and again, never twice at once. `work` may return true to say that more is waiting: it then runs
 * again at once instead of after `everyMs`. A run that throws is logged and tried again after the interval, so the
 * work has to be safe to repeat.
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
        options.log.warn(
          { err: error, work: options.name },
          "periodic work failed, will run again",
        );
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
