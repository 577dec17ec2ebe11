import { setTimeout as pause } from "node:timers/promises";
import { Reason, Refusal } from "#platform/values/refusal.ts";

type Version = { orderId: bigint; version: number };
type Waiter = { afterVersion: number; resolve: () => void };

export type OrderChanges = {
  /** Resolves when the order has a version above `afterVersion`, or when the signal aborts. */
  next(order: { orderId: bigint; afterVersion: number; signal: AbortSignal }): Promise<void>;
  /** These orders were changed by this process: whoever waits for them is told at once. */
  notify(orderIds: readonly bigint[]): void;
};

/**
 * Tells when orders change, whichever replica changes them: all that wait are asked after together, one query for
 * everybody every `pollMs`, and none while nobody waits.
 */
export function createOrderChanges(options: {
  readVersions: (orderIds: bigint[]) => Promise<Version[]>;
  pollMs: number;
  maxWatchers: number;
}): OrderChanges {
  const waiting = new Map<bigint, Set<Waiter>>();
  let watchers = 0;
  let polling = false;
  let wake = new AbortController();

  const look = async () => {
    for (const { orderId, version } of await options.readVersions([...waiting.keys()])) {
      for (const waiter of waiting.get(orderId) ?? []) {
        if (version > waiter.afterVersion) waiter.resolve();
      }
    }
  };

  const poll = async () => {
    polling = true;
    while (waiting.size > 0) {
      // A database that is away is asked again: the waiters' own deadlines end their waiting.
      await look().catch(() => {});
      if (waiting.size === 0) break;
      await pause(options.pollMs, undefined, { signal: wake.signal }).catch(() => {});
      if (wake.signal.aborted) wake = new AbortController();
    }
    polling = false;
  };

  return {
    notify(orderIds) {
      if (waiting.size > 0 && orderIds.some((id) => waiting.has(id))) wake.abort();
    },
    next({ orderId, afterVersion, signal }) {
      if (signal.aborted) return Promise.resolve();
      if (watchers >= options.maxWatchers) {
        const limit = String(options.maxWatchers);
        throw new Refusal(Reason.RATE_LIMITED, { cause: "too_many_watchers", limit });
      }
      return new Promise<void>((resolve) => {
        const waiters = waiting.get(orderId) ?? new Set();
        const done = () => {
          if (!waiters.delete(waiter)) return;
          watchers -= 1;
          if (waiters.size === 0) waiting.delete(orderId);
          signal.removeEventListener("abort", done);
          resolve();
        };
        const waiter: Waiter = { afterVersion, resolve: done };
        waiters.add(waiter);
        watchers += 1;
        waiting.set(orderId, waiters);
        signal.addEventListener("abort", done);
        if (!polling) void poll();
      });
    },
  };
}
