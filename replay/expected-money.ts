import type { Day } from "../testbed/retail/day.ts";
import { type ShippingRule, shippingFee } from "./expected.ts";
import type { DayRefund } from "./returns.ts";

/** What was paid and given back; of one order, or of all orders of a customer. */
export type Money = {
  paidOrders: number;
  paidCents: bigint;
  refundedUnits: bigint;
  refundedCents: bigint;
  points: bigint;
};

export type PayRules = { shipping: ShippingRule; pointsPerUnit: bigint };

const CENTS_OF_A_UNIT = 100n;

export function noMoney(): Money {
  return { paidOrders: 0, paidCents: 0n, refundedUnits: 0n, refundedCents: 0n, points: 0n };
}

/**
 * What each order of the day must come to, from the file alone. The day knows neither coupons nor balances: goods come
 * back at their price, all of it through the platform, and the refund that takes the last goods back returns the
 * shipping fee. Points are given for what was paid, the fee too, less the goods that came back: each full unit counts
 * for the order as a whole.
 *
 * Deliberately its own sums: with the services' functions a fault in them would go unseen.
 */
export function expectedMoney(
  day: Day,
  refunds: readonly DayRefund[],
  { shipping, pointsPerUnit }: PayRules,
): Money[] {
  const byOrder = Map.groupBy(refunds, ({ order }) => order);
  return day.orders.map((order, index) => {
    const fee = shippingFee(order, shipping);
    const paidCents = order.goodsAmountCents + fee;
    let refundedUnits = 0n;
    let goodsBackCents = 0n;
    for (const { item, quantity } of (byOrder.get(index) ?? []).flatMap(({ lines }) => lines)) {
      refundedUnits += quantity;
      goodsBackCents += quantity * (day.items[item]?.unitPriceCents ?? 0n);
    }
    const feeBackCents = goodsBackCents === order.goodsAmountCents ? fee : 0n;
    return {
      paidOrders: 1,
      paidCents,
      refundedUnits,
      refundedCents: goodsBackCents + feeBackCents,
      points: ((paidCents - goodsBackCents) / CENTS_OF_A_UNIT) * pointsPerUnit,
    };
  });
}

/** The orders' money by customer. */
export function moneyOfCustomers(day: Day, orders: readonly Money[]): Map<string, Money> {
  const customers = new Map<string, Money>();
  for (const [index, { customerId }] of day.orders.entries()) {
    const money = customers.get(customerId) ?? noMoney();
    addMoney(money, orders[index] ?? noMoney());
    customers.set(customerId, money);
  }
  return customers;
}

export function addMoney(to: Money, more: Money): void {
  to.paidOrders += more.paidOrders;
  to.paidCents += more.paidCents;
  to.refundedUnits += more.refundedUnits;
  to.refundedCents += more.refundedCents;
  to.points += more.points;
}
