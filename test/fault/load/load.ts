import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import type { Random } from "../../../testbed/random.ts";
import { type History, idOf, operationsOf, settledAnswer } from "./history.ts";
import type { Market } from "./market.ts";
import { shopper } from "./shopper.ts";
import { oneOrder } from "./visit.ts";

/** Shoppers who keep ordering, paying, cancelling and returning, whether or not the shop works. */
export type Load = {
  /** Resolves when `count` more orders are acknowledged; fails after `withinMs`. */
  acknowledged(count: number, withinMs?: number): Promise<void>;
  /** Stops new calls; resolves when none is in flight. */
  stop(): Promise<void>;
};

/** Enough for a machine with much other work. */
const ACKNOWLEDGED_WITHIN_MS = 240_000;
const LOOK_EVERY_MS = 20;
/** The pause between two orders of one shopper, so that two cores can keep up. */
const THINKING_MS = [50, 400] as const;

export function startLoad(market: Market, random: Random): Load {
  const { history, items } = market;
  const ending = new AbortController();
  const { signal } = ending;
  const people = market.userIds.map(async (userId, index) => {
    const person = shopper(market, userId);
    const own = random.fork(index);
    while (!signal.aborted) {
      await oneOrder({ person, items, random: own, signal });
      const [least, most] = THINKING_MS;
      await pause(own.between(least, most), undefined, { signal }).catch(() => {});
    }
  });
  const all = Promise.all(people);
  // `stop` reports a failure; it must not end the program before.
  all.catch(() => {});
  return {
    async acknowledged(count, withinMs = ACKNOWLEDGED_WITHIN_MS) {
      const wanted = acknowledgedOrders(history) + count;
      const deadline = Date.now() + withinMs;
      while (acknowledgedOrders(history) < wanted) {
        if (Date.now() > deadline) {
          throw new Error(
            `the shop acknowledged fewer than ${count} orders in ${withinMs / 1_000} s`,
          );
        }
        await Promise.race([pause(LOOK_EVERY_MS), all]);
      }
    },
    async stop() {
      ending.abort();
      await all;
    },
  };
}

export function acknowledgedOrders(history: History): number {
  return operationsOf(history, "place").filter((operation) => idOf(operation) !== undefined).length;
}

const ASKED_AT_ONCE = 8;
const ASK_AGAIN_MS = 500;

/**
 * Repeats every operation without an answer until all have one or the time is over. Resolves to the
 * number without an answer.
 */
export async function resolveUnknown(
  history: History,
  { untilMs, signal }: { untilMs: number; signal?: AbortSignal | undefined },
): Promise<number> {
  const isOver = () => Date.now() > untilMs || signal?.aborted === true;
  for (;;) {
    const unknown = history.operations.filter((operation) => !settledAnswer(operation));
    await pMap(
      unknown,
      async (operation) => {
        if (!isOver()) await operation.ask();
      },
      { concurrency: ASKED_AT_ONCE },
    );
    const left = unknown.filter((operation) => !settledAnswer(operation)).length;
    if (left === 0 || isOver()) return left;
    await pause(ASK_AGAIN_MS);
  }
}
