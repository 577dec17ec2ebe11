import assert from "node:assert/strict";
import { openDatabase } from "#platform/db/database.ts";
import { schemasOf } from "../../ops/command/database.ts";
import { migrations } from "../../services/pay/store/migrations/index.ts";
import { eventually } from "../eventually.ts";
import { silent } from "../shop/database.ts";
import type { Shop } from "../shop/shop.ts";
import { auditShop, brokenIn } from "./audit.ts";

/** The longest time that an order may need to become consistent without help. */
const SETTLED_WITHIN_MS = 60_000;

type Booked = Pick<Shop, "namespace" | "sandbox" | "sql">;

/**
 * The differences in the books by the rules of `npm run audit`: a line for each item that breaks a
 * rule, starting with the rule's name, and a line for each kind of thing in motion. Empty when the
 * shop is quiet and right.
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
 * Resolves when the books have no difference other than those that `expected` matches. Fails with
 * the remaining differences after `withinMs`.
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

/**
 * Creates the schema of the pay service in a shop that was started without it, since the audit
 * reads all schemas.
 */
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
