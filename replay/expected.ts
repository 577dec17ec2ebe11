import type { Day, DayOrder, Item } from "../testbed/retail/day.ts";

/** Shipping is free from `freeFromCents` of goods on, and costs `feeCents` below. */
export type ShippingRule = { freeFromCents: bigint; feeCents: bigint };

/** Orders, their lines, and what they cost including shipping. */
export type Tally = { orders: number; lines: number; amountCents: bigint };

/**
 * The stock that an item begins the day with: enough for all orders, and a rest. The rest differs
 * from item to item, so a shop that sold everything, or nothing, does not compare equal.
 */
export function openingStock(item: Item): bigint {
  return item.sold + restingStock(item);
}

/** The stock that is left when all orders of the day are placed. */
export function restingStock(item: Item): bigint {
  return item.orders;
}

/** Calculated here on purpose: with the order service's function a defect of it would go unseen. */
export function shippingFee(order: DayOrder, rule: ShippingRule): bigint {
  return order.goodsAmountCents < rule.freeFromCents ? rule.feeCents : 0n;
}

export function emptyTally(): Tally {
  return { orders: 0, lines: 0, amountCents: 0n };
}

/** What each customer ordered according to the file. */
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

export function sumOfTallies(tallies: Iterable<Tally>): Tally {
  const sum = emptyTally();
  for (const { orders, lines, amountCents } of tallies) {
    sum.orders += orders;
    sum.lines += lines;
    sum.amountCents += amountCents;
  }
  return sum;
}
