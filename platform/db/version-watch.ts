import { setTimeout as pause } from "node:timers/promises";
import { Reason, Refusal } from "../values/refusal.ts";

/** A row's version, a number that grows with each write. */
type RowVersion = { id: bigint; version: number };

export type VersionWatch = {
  /**
   * Resolves when row `id` has a version above `afterVersion`, or when `signal` aborts. Throws
   * RATE_LIMITED while `maxWatchers` callers are already waiting.
   */
  next(row: { id: bigint; afterVersion: number; signal: AbortSignal }): Promise<void>;
  /** Reads the versions of these rows now instead of at the next poll. Call it after a commit. */
  notify(ids: readonly bigint[]): void;
};

type Watcher = { afterVersion: number; resolve: () => void };

/**
 * Waits for rows to get a newer version, whichever replica writes it. All watched rows share one
 * query every `pollMs`, and there are no queries while nothing is watched. Writes of this process
 * reach their watchers at once through `notify`.
 */
export function createVersionWatch(options: {
  readVersions: (ids: bigint[]) => Promise<RowVersion[]>;
  pollMs: number;
  maxWatchers: number;
}): VersionWatch {
  const watched = new Map<bigint, Set<Watcher>>();
  let watchers = 0;
  let polling = false;
  let wake = new AbortController();

  const readOnce = async () => {
    for (const { id, version } of await options.readVersions([...watched.keys()])) {
      for (const watcher of watched.get(id) ?? []) {
        if (version > watcher.afterVersion) watcher.resolve();
      }
    }
  };

  const poll = async () => {
    polling = true;
    while (watched.size > 0) {
      // A failed read is repeated at the next poll; the callers' own deadlines end their waiting.
      await readOnce().catch(() => {});
      if (watched.size === 0) break;
      await pause(options.pollMs, undefined, { signal: wake.signal }).catch(() => {});
      if (wake.signal.aborted) wake = new AbortController();
    }
    polling = false;
  };

  return {
    notify(ids) {
      if (watched.size > 0 && ids.some((id) => watched.has(id))) wake.abort();
    },
    next({ id, afterVersion, signal }) {
      if (signal.aborted) return Promise.resolve();
      if (watchers >= options.maxWatchers) {
        const limit = String(options.maxWatchers);
        throw new Refusal(Reason.RATE_LIMITED, { cause: "too_many_watchers", limit });
      }
      return new Promise<void>((resolve) => {
        const ofRow = watched.get(id) ?? new Set();
        const finish = () => {
          if (!ofRow.delete(watcher)) return;
          watchers -= 1;
          if (ofRow.size === 0) watched.delete(id);
          signal.removeEventListener("abort", finish);
          resolve();
        };
        const watcher: Watcher = { afterVersion, resolve: finish };
        ofRow.add(watcher);
        watchers += 1;
        watched.set(id, ofRow);
        signal.addEventListener("abort", finish);
        if (!polling) void poll();
      });
    },
  };
}
