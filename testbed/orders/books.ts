import assert from "node:assert/strict";
import { openDatabase } from "#platform/db/database.ts";
import { schemasOf } from "../../ops/command/database.ts";
import { migrations } from "../../services/pay/store/migrations/index.ts";
import { eventually } from "../eventually.ts";
import { silent } from "../shop/database.ts";
import type { Shop } from "../shop/shop.ts";
import { auditShop, brokenIn } from "./audit.ts";

/** What spec.md allows an order to take to get right by itself, whatever was done to it. */
const SETTLED_WITHIN_MS = 60_000;

type Booked = Pick<Shop, "namespace" | "sandbox" | "sql">;

/**
 * What is not as it must be when everything is quiet, by the rules of `npm run audit`: a line for each item that breaks
 * one, beginning with the rule's name, and one for each kind of thing that is still on its way; none where all is well.
 */
export async function differences(shop: Booked): Promise<string[]> {
  await havePaySchema(shop);
  const report = await auditShop(shop);
  const { pendingOrders, undeliveredEvents, refundsAtProvider, failingMessages } = report.motion;
  const moving = { pendingOrders, undeliveredEvents, refundsAtProvider, failingMessages };
  const lines = Object.entries(moving)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `in motion: ${what} ${count}`);
  return [...brokenIn(report), ...lines];
}

/**
 * Resolves when the books have no difference, other than those that `expected` knows; fails with the differences that
 * are left when the time is over.
 */
export async function booksBalance(
  shop: Booked,
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

/** A shop that was started without the pay service has no payments, and its books say so. */
async function havePaySchema({ namespace, sql }: Booked): Promise<void> {
  const schema = schemasOf(namespace).pay;
  const found = await sql(
    "order",
    "select 1 from information_schema.tables where table_schema = ? and table_name = 'payments'",
    [schema],
  );
  if (found.length > 0) return;
  const database = await openDatabase({
    settings: { url: process.env.SHOP_MYSQL_URL ?? "", schema, pool: 1 },
    entities: [],
    migrations,
    name: "books",
    log: silent,
  });
  await database.close();
}
