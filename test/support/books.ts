import assert from "node:assert/strict";
import { couponDifferences } from "./books/coupon.ts";
import { eventDifferences } from "./books/events.ts";
import { goodsDifferences } from "./books/goods.ts";
import { type Ledger, orderDifferences, readOrders, type Sql } from "./books/orders.ts";
import { userDifferences } from "./books/user.ts";
import { eventually } from "./eventually.ts";

/** What spec.md allows an order to take to get right by itself, whatever was done to it. */
const SETTLED_WITHIN_MS = 60_000;

/**
 * Compares the schemas of goods, coupon, user and order with each other, past all services, and returns a line for each
 * thing that is not as it must be when everything is quiet; an empty list where all is well:
 * - stock, balance and points are the sums of their logs, and never below zero;
 * - each order holds its lines, its coupon and its balance, once, where it was confirmed, and nothing where it was
 *   cancelled; a paid order has its points, once;
 * - no order is pending, every amount adds up, every change is in the history;
 * - every outbox row is done, every event was handled once by each consumer that it names and by nobody else, and
 *   nothing is parked or being tried again.
 * What is still on its way counts as a difference: see `booksBalance`.
 */
export async function differences(shop: { sql: Sql }): Promise<string[]> {
  const { sql } = shop;
  const orders: Ledger = await readOrders(sql);
  const parts = await Promise.all([
    orderDifferences(sql, orders),
    goodsDifferences(sql, orders),
    couponDifferences(sql, orders),
    userDifferences(sql, orders),
    eventDifferences(sql, orders),
  ]);
  return parts.flat();
}

/**
 * Resolves when the books have no difference, other than those that `expected` knows; fails with the differences that
 * are left when the time is over.
 */
export async function booksBalance(
  shop: { sql: Sql },
  options: { withinMs?: number; expected?: RegExp } = {},
): Promise<void> {
  const { withinMs = SETTLED_WITHIN_MS, expected } = options;
  await eventually(
    async () => {
      const found = await differences(shop);
      assert.deepEqual(
        found.filter((line) => !expected?.test(line)),
        [],
      );
    },
    { withinMs },
  );
}
