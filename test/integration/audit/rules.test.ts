import assert from "node:assert/strict";
import { type Connection, createConnection } from "mysql2/promise";
import { type ProviderEntry, providerAt } from "../../../ops/audit/provider-source.ts";
import {
  createProviderTables,
  fillProviderTables,
  PROVIDER_PAYMENTS,
  PROVIDER_REFUNDS,
} from "../../../ops/audit/provider-tables.ts";
import type { Row } from "../../../ops/audit/rule.ts";
import { GROUPS } from "../../../ops/audit/rules.ts";
import { type Snapshot, typeCast } from "../../../ops/audit/snapshot.ts";
import { schemasOf } from "../../../ops/command/database.ts";
import { auditIsClean, auditShop } from "../../../testbed/orders/audit.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { type Everything, liveThrough } from "./everything.ts";
import type { Mutation } from "./mutation.ts";
import { mutations } from "./mutations.ts";

/** CHECK constraints that refuse what the audit must report as well. */
const CHECKS = [
  ["goods", "stock_log", "stock_log_not_negative"],
  ["user", "balance_log", "balance_log_not_negative"],
] as const;

describe("the audit's rules", function () {
  this.timeout(120_000);
  let shop: Shop;
  let orders: Everything;
  let entries: ProviderEntry[];
  let connection: Connection;
  before(async () => {
    shop = await startShop({ sandbox: true, gateway: true });
    orders = await liveThrough(shop);
    for (const [service, table, check] of CHECKS) {
      await shop.sql(service, `alter table ${table} drop constraint ${check}`);
    }
    const read = await providerAt(shop.sandbox.url);
    assert.ok(read);
    entries = [];
    for await (const entry of read()) entries.push(entry);
    connection = await createConnection({
      uri: process.env.SHOP_MYSQL_URL,
      timezone: "Z",
      charset: "utf8mb4",
      typeCast,
    });
    await createProviderTables((sql) => connection.query(sql), schemasOf(shop.namespace).pay);
  });
  after(async () => {
    await connection?.end();
    await shop?.stop();
  });

  it("hold after everything that can happen to an order", async () => {
    const report = await auditIsClean(shop);
    assert.ok(report.rules.every(({ looked }) => looked));
    assert.ok(entries.some(({ kind }) => kind === "refund"));
  });

  it("each have a mutation that breaks them", () => {
    const broken = new Set(mutations(orders).map(({ rule }) => rule));
    const all = GROUPS.flatMap(({ rules }) => rules.map(({ name }) => name));
    assert.deepEqual([...broken].sort(), all.toSorted());
  });

  it("report each mutation with its item, and nothing once it is undone", async () => {
    const { pay } = schemasOf(shop.namespace);
    const run = (sql: string, values?: unknown[]) => connection.query(sql, values);
    const openSnapshot = async (mutation: Mutation): Promise<Snapshot> => {
      const change = "provider" in mutation ? mutation.provider : (all: ProviderEntry[]) => all;
      await run(`delete from ${pay}.${PROVIDER_PAYMENTS}`);
      await run(`delete from ${pay}.${PROVIDER_REFUNDS}`);
      await fillProviderTables(run, pay, async function* () {
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
        const report = await auditShop(shop, { openSnapshot: () => openSnapshot(mutation) });
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
