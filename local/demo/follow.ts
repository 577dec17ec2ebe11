import { setTimeout as pause } from "node:timers/promises";
import type { Order } from "#proto/shop/order/v1/order_pb.ts";
import { CommandError } from "../../ops/command/command.ts";
import type { ShopClients } from "../../ops/command/shop-clients.ts";

const TIMEOUT_MS = 30_000;
const POLL_MS = 20;

/** Watches an order until it satisfies `until`. `onChange` gets each state, that one included. */
export async function followOrder(
  { order }: ShopClients,
  orderId: bigint,
  { until, onChange }: { until: (order: Order) => boolean; onChange: (order: Order) => void },
): Promise<Order> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    for await (const { order: now } of order.watchOrder({ orderId }, { signal })) {
      if (!now) continue;
      onChange(now);
      if (until(now)) return now;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  throw timedOut(`order ${orderId}`);
}

/** Polls until the answer satisfies `isDone`. */
export async function until<T>(
  name: string,
  poll: () => Promise<T>,
  isDone: (answer: T) => boolean,
): Promise<T> {
  const deadlineMs = Date.now() + TIMEOUT_MS;
  while (Date.now() < deadlineMs) {
    const answer = await poll();
    if (isDone(answer)) return answer;
    await pause(POLL_MS);
  }
  throw timedOut(name);
}

function timedOut(name: string): CommandError {
  return new CommandError(`${name} did not change within ${TIMEOUT_MS / 1_000} s`);
}
