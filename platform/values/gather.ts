import { Reason, Refusal } from "./refusal.ts";

// Gathers calls that are in flight at the same moment into batches.
//
// The cost of an order is round trips and commits, and most of it can be shared: 50 orders in one
// transaction need little more than one. So calls do not run their own statements. They submit an
// item, and a batch runs the statements for all items that were submitted meanwhile.
//
// No item waits for company. While fewer than `maxInFlight` batches run, the next one starts in the
// same turn of the event loop with the items that are there. An idle service therefore answers as
// fast as without batches, and the batches of a busy one grow with the load, because items collect
// while the batches before them run. Two batches in flight keep both sides busy: one waits for the
// database or for another service while the next one is prepared.
//
// Everything is bounded: the items and the weight of a batch, the batches in flight, and the queue,
// which refuses what it cannot hold. A batch that throws fails all of its items; `run` decides what
// happens to single ones.

export type Gather<T, R> = {
  /** Resolves with the result of the item, or rejects with the error of its batch. */
  submit(item: T): Promise<R>;
  /** Resolves when no item waits and no batch runs. */
  idle(): Promise<void>;
};

type Waiting<T, R> = {
  item: T;
  weight: number;
  resolve: (result: R) => void;
  reject: (error: unknown) => void;
};

/**
 * `run` gets 1 to `maxBatch` items and returns one result for each, in their order. `weigh` and
 * `maxWeight` bound a batch by the sum of weights as well; a single heavier item still runs, alone.
 * More than `maxQueue` waiting items are refused with RATE_LIMITED. `everyMs` delays a batch until
 * that long after the start of the one before, for batches that are so short that items hardly ever
 * meet.
 */
export function gather<T, R>(options: {
  run: (batch: T[]) => Promise<R[]>;
  maxBatch: number;
  maxQueue: number;
  maxInFlight: number;
  /** @default 1 for each item */
  weigh?: (item: T) => number;
  /** @default unlimited */
  maxWeight?: number;
  /** @default 0 */
  everyMs?: number;
}): Gather<T, R> {
  const { maxBatch, maxQueue, maxInFlight, weigh, everyMs = 0 } = options;
  const { maxWeight = Number.POSITIVE_INFINITY } = options;
  let waiting: Waiting<T, R>[] = [];
  let inFlight = 0;
  let scheduled = false;
  let beganMs = Number.NEGATIVE_INFINITY;
  let idleWaiters: (() => void)[] = [];

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
      const batch = takeBatch(waiting, { maxBatch, maxWeight });
      waiting = waiting.slice(batch.length);
      void runBatch(options.run, batch).then(() => {
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

/** The first items that fit into a batch: one at least. */
function takeBatch<W extends { weight: number }>(
  waiting: readonly W[],
  { maxBatch, maxWeight }: { maxBatch: number; maxWeight: number },
): W[] {
  let weight = 0;
  let count = 0;
  for (const entry of waiting) {
    weight += entry.weight;
    if (count > 0 && (count === maxBatch || weight > maxWeight)) break;
    count += 1;
  }
  return waiting.slice(0, count);
}

async function runBatch<T, R>(
  run: (batch: T[]) => Promise<R[]>,
  batch: Waiting<T, R>[],
): Promise<void> {
  try {
    const results = await run(batch.map(({ item }) => item));
    if (results.length !== batch.length) {
      throw new Error(`a batch of ${batch.length} items returned ${results.length} results`);
    }
    batch.forEach(({ resolve }, index) => {
      resolve(results[index] as R);
    });
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
