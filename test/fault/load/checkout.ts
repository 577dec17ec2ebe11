import { setTimeout as pause } from "node:timers/promises";
import { idOf, type Operation, settledAnswer } from "./history.ts";
import type { Market } from "./market.ts";
import { shopper } from "./shopper.ts";

const BALANCE_CENTS = 300n;
const TRIES = 8;
const RETRY_MS = 150;
const LOOK_EVERY_MS = 15;

type Checkout = {
  userId: bigint;
  couponId: bigint | undefined;
  /** How long to wait for the points once the payment is made. */
  withinMs: number;
};

/**
 * Places and pays one order with a coupon and a part of the balance, and waits for its points.
 * Resolves to true when they are there; to false when they come later, or when the shopper lacks an
 * answer to go on.
 */
export async function checkout(
  market: Market,
  { userId, couponId, withinMs }: Checkout,
): Promise<boolean> {
  const person = shopper(market, userId);
  const [item] = market.items;
  if (!item) throw new Error("the market has no items");
  const lines: Parameters<typeof person.place>[0]["lines"] = [[item, 2n]];
  const placed = await person.place({ lines, couponId, balanceCents: BALANCE_CENTS });
  const orderId = await untilAnswered(placed);
  if (orderId === undefined) return false;
  const paymentId = await untilAnswered(await person.openPayment(orderId));
  if (paymentId === undefined) return false;
  if ((await untilAnswered(await person.pay({ orderId, paymentId }))) === undefined) return false;
  for (const untilMs = Date.now() + withinMs; Date.now() < untilMs; await pause(LOOK_EVERY_MS)) {
    const found = await market.system.sql("user", "select 1 from point_log where order_id = ?", [
      orderId,
    ]);
    if (found.length > 0) return true;
  }
  return false;
}

async function untilAnswered(operation: Operation): Promise<bigint | undefined> {
  for (let tries = 1; tries < TRIES && !settledAnswer(operation); tries += 1) {
    await pause(RETRY_MS);
    await operation.ask();
  }
  return idOf(operation);
}
