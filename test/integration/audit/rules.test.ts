import assert from "node:assert/strict";
import { type Connection, createConnection } from "mysql2/promise";
import {
  createPlatformTables,
  fillPlatformTables,
  type Look,
  schemasOf,
  typeCast,
} from "../../../ops/audit/database.ts";
import { PLATFORM_PAYMENTS, PLATFORM_REFUNDS } from "../../../ops/audit/platform.ts";
import { type PlatformEntry, platformAt } from "../../../ops/audit/platform-source.ts";
import type { Row } from "../../../ops/audit/rule.ts";
import { GROUPS } from "../../../ops/audit/rules.ts";
import { auditIsClean, auditShop } from "../../../testbed/orders/audit.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { type Everything, liveThrough } from "./everything.ts";
import type { Mutation } from "./mutation.ts";
import { mutations } from "./mutations.ts";

/** What the database itself refuses, and the audit must see nevertheless. */
const CHECKS = [
  ["goods", "stock_log", "stock_log_not_negative"],
  ["user", "balance_log", "balance_log_not_negative"],
] as const;

describe("the audit's rules", function () {
  this.timeout(120_000);
  let shop: Shop;
  let orders: Everything;
  let entries: PlatformEntry[];
  let connection: Connection;
  before(async () => {
    shop = await startShop({ sandbox: true, gateway: true });
    orders = await liveThrough(shop);
    for (const [service, table, check] of CHECKS) {
      await shop.sql(service, `alter table ${table} drop constraint ${check}`);
    }
    const read = await platformAt(shop.sandbox.url);
    assert.ok(read);
    entries = [];
    for await (const entry of read()) entries.push(entry);
    connection = await createConnection({
      uri: process.env.SHOP_MYSQL_URL,
      timezone: "Z",
      charset: "utf8mb4",
      typeCast,
    });
    await createPlatformTables((sql) => connection.query(sql), schemasOf(shop.namespace).pay);
  });
  after(async () => {
    await connection?.end();
    await shop?.stop();
  });

  it("all hold after everything that can happen to an order", async () => {
    const report = await auditIsClean(shop);
    assert.ok(report.rules.every(({ looked }) => looked));
    assert.ok(entries.some(({ kind }) => kind === "refund"));
  });

  it("are each broken by hand below", () => {
    const broken = new Set(mutations(orders).map(({ rule }) => rule));
    const all = GROUPS.flatMap(({ rules }) => rules.map(({ name }) => name));
    assert.deepEqual([...broken].sort(), all.toSorted());
  });

  it("catch each of them by its rule and name the item, and nothing once it is undone", async () => {
    const { pay } = schemasOf(shop.namespace);
    const run = (sql: string, values?: unknown[]) => connection.query(sql, values);
    const look = async (mutation: Mutation): Promise<Look> => {
      const change = "platform" in mutation ? mutation.platform : (all: PlatformEntry[]) => all;
      await run(`delete from ${pay}.${PLATFORM_PAYMENTS}`);
      await run(`delete from ${pay}.${PLATFORM_REFUNDS}`);
      await fillPlatformTables(run, pay, async function* () {
        yield* change(entries);
      });
      return {
        rows: async function* (sql) {
          const [rows] = await connection.query(sql);
          yield* rows as Row[];
        },
        close: async () => {},
      };
    };
    const missed: string[] = [];
    for (const mutation of mutations(orders)) {
      await connection.beginTransaction();
      try {
        if ("sql" in mutation) {
          await run(`use ${schemasOf(shop.namespace)[mutation.service]}`);
          const [{ affectedRows }] = (await run(mutation.sql)) as [
            { affectedRows: number },
            unknown,
          ];
          assert.ok(affectedRows > 0, `${mutation.rule}, ${mutation.what}: changed nothing`);
        }
        const report = await auditShop(shop, { open: () => look(mutation) });
        const found = report.rules.find(({ name }) => name === mutation.rule);
        const named = found?.items.some(({ item }) => item.startsWith(mutation.item));
        if (!named || found?.broken === 0) {
          const others = report.rules.filter(({ broken }) => broken > 0).map(({ name }) => name);
          missed.push(
            `${mutation.rule}, ${mutation.what}: ${JSON.stringify(found?.items)} ${others}`,
          );
        }
      } finally {
        await connection.rollback();
      }
    }
    assert.deepEqual(missed, []);
    await auditIsClean(shop);
  });
});
