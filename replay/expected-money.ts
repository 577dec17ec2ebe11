import { minorUnitsOf } from "#platform/values/currencies.ts";
import type { Day } from "../testbed/retail/day.ts";
import { type ShippingRule, shippingFee } from "./expected.ts";
import type { DayRefund } from "./returns.ts";

/** What was paid, refunded and earned, by one order or by all orders of a customer. */
export type Money = {
  paidOrders: number;
  paidCents: bigint;
  refundedUnits: bigint;
  refundedCents: bigint;
  points: bigint;
};

export type PayRules = { shipping: ShippingRule; pointsPerUnit: bigint; currency: string };

export function noMoney(): Money {
  return { paidOrders: 0, paidCents: 0n, refundedUnits: 0n, refundedCents: 0n, points: 0n };
}

/**
 * The money of each order according to the file. The day has neither coupons nor balances, so a
 * refund returns the price of its goods through the provider, and the one that takes the last goods
 * back returns the shipping fee as well. An order earns points for each full unit of what was paid
 * and not returned, the shipping fee included.
 *
 * Calculated here on purpose: with the services' functions a defect of them would go unseen.
 */
export function expectedMoney(
  day: Day,
  refunds: readonly DayRefund[],
  { shipping, pointsPerUnit, currency }: PayRules,
): Money[] {
  const centsPerUnit = minorUnitsOf(currency);
  const byOrder = Map.groupBy(refunds, ({ order }) => order);
  return day.orders.map((order, index) => {
    const fee = shippingFee(order, shipping);
    const paidCents = order.goodsAmountCents + fee;
    let refundedUnits = 0n;
    let returnedCents = 0n;
    for (const { item, quantity } of (byOrder.get(index) ?? []).flatMap(({ lines }) => lines)) {
      refundedUnits += quantity;
      returnedCents += quantity * (day.items[item]?.unitPriceCents ?? 0n);
    }
    const returnedFeeCents = returnedCents === order.goodsAmountCents ? fee : 0n;
    return {
      paidOrders: 1,
      paidCents,
      refundedUnits,
      refundedCents: returnedCents + returnedFeeCents,
      points: ((paidCents - returnedCents - returnedFeeCents) / centsPerUnit) * pointsPerUnit,
    };
  });
}

/** The money of all orders of each customer. */
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
