import { Reason, Refusal } from "./refusal.ts";

export type Gather<T, R> = {
  /** Resolves with the item's own result, or rejects with what its batch threw. */
  submit(item: T): Promise<R>;
  /** Resolves when nothing is waiting and nothing is under way. */
  idle(): Promise<void>;
};

type Waiting<T, R> = {
  item: T;
  weight: number;
  resolve: (result: R) => void;
  reject: (error: unknown) => void;
};

/**
 * Lets what is in flight together travel together. An item does not wait for company: while fewer than `maxInFlight`
 * batches run, the next one starts in the same turn of the event loop with whatever is there, so an idle service
 * answers as fast as without batches and a busy one fills them by itself. Where batches are so short that there is
 * hardly ever company, `everyMs` (default 0) makes some: a batch starts so long after the one before at the earliest.
 *
 * `run` gets 1 to `maxBatch` items and returns one result for each, in their order. `weigh` (default 1 an item) and
 * `maxWeight` bound a batch by something else than its count; a single heavier item still goes, alone. More than
 * `maxQueue` waiting items are refused at once with REASON_RATE_LIMITED.
 */
export function gather<T, R>(options: {
  run: (batch: T[]) => Promise<R[]>;
  maxBatch: number;
  maxQueue: number;
  maxInFlight: number;
  weigh?: (item: T) => number;
  maxWeight?: number;
  everyMs?: number;
}): Gather<T, R> {
  const { maxBatch, maxQueue, maxInFlight, weigh, everyMs = 0 } = options;
  const { maxWeight = Number.POSITIVE_INFINITY } = options;
  let waiting: Waiting<T, R>[] = [];
  let inFlight = 0;
  let scheduled = false;
  let beganMs = Number.NEGATIVE_INFINITY;
  let idleWaiters: (() => void)[] = [];

  const take = (): Waiting<T, R>[] => {
    let weight = 0;
    let count = 0;
    for (const entry of waiting) {
      weight += entry.weight;
      if (count > 0 && (count === maxBatch || weight > maxWeight)) break;
      count += 1;
    }
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return batch;
  };

  const runBatch = async (batch: Waiting<T, R>[]) => {
    try {
      const results = await options.run(batch.map((entry) => entry.item));
      if (results.length !== batch.length) {
        throw new Error(`a batch of ${batch.length} answered ${results.length} results`);
      }
      batch.forEach((entry, index) => {
        entry.resolve(results[index] as R);
      });
    } catch (error) {
      for (const entry of batch) entry.reject(error);
    }
  };

  const start = () => {
    scheduled = false;
    while (inFlight < maxInFlight && waiting.length > 0) {
      const earlyMs = beganMs + everyMs - performance.now();
      if (earlyMs > 0) {
        scheduled = true;
        setTimeout(start, earlyMs);
        return;
      }
      beganMs = performance.now();
      inFlight += 1;
      void runBatch(take()).then(() => {
        inFlight -= 1;
        if (!scheduled) start();
      });
    }
    if (inFlight === 0 && waiting.length === 0) {
      const finished = idleWaiters;
      idleWaiters = [];
      for (const resolve of finished) resolve();
    }
  };

  return {
    submit: (item) => {
      if (waiting.length >= maxQueue) {
        return Promise.reject(
          new Refusal(Reason.RATE_LIMITED, { cause: "queue_full", limit: String(maxQueue) }),
        );
      }
      return new Promise((resolve, reject) => {
        waiting.push({ item, weight: weigh?.(item) ?? 1, resolve, reject });
        if (scheduled || inFlight >= maxInFlight) return;
        scheduled = true;
        setImmediate(start);
      });
    },
    idle: () =>
      inFlight === 0 && waiting.length === 0
        ? Promise.resolve()
        : new Promise((resolve) => idleWaiters.push(resolve)),
  };
}
