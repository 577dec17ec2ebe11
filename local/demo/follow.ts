import { setTimeout as pause } from "node:timers/promises";
import type { Order } from "#proto/shop/order/v1/order_pb.ts";
import type { Shop } from "./shop.ts";

/** Something that follows by itself did not come. */
export class TooLate extends Error {}

const WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 20;

/** Watches an order until it is as wanted; `onChange` sees each state that comes before, and that one. */
export async function followOrder(
  { order }: Shop,
  orderId: bigint,
  { until, onChange }: { until: (order: Order) => boolean; onChange: (order: Order) => void },
): Promise<Order> {
  const signal = AbortSignal.timeout(WITHIN_MS);
  try {
    for await (const { order: now } of order.watchOrder({ orderId }, { signal })) {
      if (!now) continue;
      onChange(now);
      if (until(now)) return now;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  throw new TooLate(`order ${orderId} did not change within ${WITHIN_MS / 1_000} s`);
}

/** Asks again and again until the answer is as wanted. */
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
): Promise<T> {
  const deadlineMs = Date.now() + WITHIN_MS;
  while (Date.now() < deadlineMs) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    await pause(LOOK_EVERY_MS);
  }
  throw new TooLate(`${what} did not come within ${WITHIN_MS / 1_000} s`);
}
