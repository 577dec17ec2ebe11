import type { Day, DayOrder, Item } from "../testbed/retail/day.ts";

/** Free from `freeFromCents` of goods on, else `feeCents` (spec: placing an order, 1). */
export type ShippingRule = { freeFromCents: bigint; feeCents: bigint };

/** Orders, their lines and what they cost, shipping included. */
export type Tally = { orders: number; lines: number; amountCents: bigint };

/**
 * Enough for all orders of the day and a rest that differs from item to item, so that a shop which sold everything, or
 * nothing, does not compare equal.
 */
export function openingStock(item: Item): bigint {
  return item.sold + restingStock(item);
}

/** What is left at the end of the day. */
export function restingStock(item: Item): bigint {
  return item.orders;
}

/**
 * Deliberately its own sum: with the order service's function a fault in that would go unseen.
 */
export function shippingFee(order: DayOrder, rule: ShippingRule): bigint {
  return order.goodsAmountCents < rule.freeFromCents ? rule.feeCents : 0n;
}

export function emptyTally(): Tally {
  return { orders: 0, lines: 0, amountCents: 0n };
}

/** What each customer should have ordered at the end, from the file alone. */
export function expectedTallies(day: Day, rule: ShippingRule): Map<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const order of day.orders) {
    const tally = tallies.get(order.customerId) ?? emptyTally();
    tally.orders += 1;
    tally.lines += order.lines.length;
    tally.amountCents += order.goodsAmountCents + shippingFee(order, rule);
    tallies.set(order.customerId, tally);
  }
  return tallies;
}
