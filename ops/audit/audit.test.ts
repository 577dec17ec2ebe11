import assert from "node:assert/strict";
import { audit } from "./audit.ts";
import { reportText } from "./report.ts";
import type { Row, Rule, Scope } from "./rule.ts";
import { GROUPS } from "./rules.ts";
import type { Snapshot } from "./snapshot.ts";

const scope: Scope = {
  goods: "goods",
  coupon: "coupon",
  user: "user",
  order: "order",
  pay: "pay",
  currency: "EUR",
  settleSeconds: 60,
  abandonedAfterSeconds: 20,
};

const ruleNamed = (name: string): Rule =>
  GROUPS.flatMap(({ rules }) => rules).find((rule) => rule.name === name) ?? assert.fail(name);

describe("the audit", () => {
  const amounts = ruleNamed("amounts-add-up");
  const rowOf = (orderId: bigint): Row => ({ item: `order ${orderId}`, orderId });

  /** Audits snapshots in which one rule has these rows, with these orders in motion. */
  async function auditRows(
    rule: Rule,
    snapshots: Row[][],
    { moving = [], maxItems = 20 }: { moving?: bigint[]; maxItems?: number } = {},
  ) {
    let opened = 0;
    const openSnapshot = async (): Promise<Snapshot> => {
      const rows = snapshots[opened] ?? assert.fail("a snapshot too many");
      opened += 1;
      return {
        rows: async function* (sql) {
          if (sql === rule.sql(scope)) yield* rows;
          else if (sql.includes("as pendingOrders")) yield { pendingOrders: 0n };
          else if (sql.includes("order_history\n       where order_id in")) {
            yield* moving.map((order_id) => ({ order_id }));
          }
        },
        close: async () => {},
      };
    };
    const timing = { quietSeconds: 5, againAfterMs: 0, maxItems };
    const report = await audit({ scope, openSnapshot, hasProvider: true, ...timing });
    const found = report.rules.find(({ name }) => name === rule.name) ?? assert.fail();
    return { opened, report, found };
  }

  it("names what it could not look at, and leaves out the rules that read it", async () => {
    const openSnapshot = async (): Promise<Snapshot> => ({
      rows: async function* (sql) {
        assert.doesNotMatch(sql, /\bcoupon\./);
        if (sql.includes("as pendingOrders")) yield { pendingOrders: 0n };
      },
      close: async () => {},
    });
    const options = { scope, openSnapshot, quietSeconds: 5, againAfterMs: 0, maxItems: 20 };
    const missingSchemas = ["coupon"];
    const report = await audit({ ...options, hasProvider: false, missingSchemas });
    assert.equal(report.unseen.length, 2);
    const text = reportText(report, "shop");
    assert.match(text, /not seen: the schema coupon,.*\nnot seen: the payment provider's records/);
    assert.match(text, /shop: INCOMPLETE: \d+ of \d+ rules hold/);
    assert.doesNotMatch(text, /clean/);
  });

  it("takes one snapshot when all rules hold", async () => {
    const { opened, report } = await auditRows(amounts, [[]]);
    assert.deepEqual([opened, report.broken], [1, 0]);
  });

  it("reports what breaks a rule in both snapshots, and nothing else", async () => {
    const { found, report } = await auditRows(amounts, [
      [rowOf(1n), rowOf(2n)],
      [rowOf(2n), rowOf(3n)],
    ]);
    assert.deepEqual([found.broken, report.broken], [1, 1]);
    assert.deepEqual(
      found.items.map(({ item }) => item),
      ["order 2"],
    );
  });

  it("only counts an order in motion", async () => {
    const rows = [rowOf(1n), rowOf(2n)];
    const { found } = await auditRows(amounts, [rows, rows], { moving: [1n] });
    assert.deepEqual([found.broken, found.inMotion], [1, 1]);
  });

  it("reports an order in motion if the rule itself allows for motion", async () => {
    const rows = [{ ...rowOf(1n), since: "long ago" }];
    const pending = ruleNamed("pending-ends-in-time");
    const { found } = await auditRows(pending, [rows, rows], { moving: [1n] });
    assert.deepEqual([found.broken, found.inMotion], [1, 0]);
  });

  it("names as many items as asked and counts all, even those that it does not keep", async () => {
    const rows = Array.from({ length: 10_003 }, (_, index) => rowOf(BigInt(index + 1)));
    const { found } = await auditRows(amounts, [rows, rows], { maxItems: 2 });
    assert.deepEqual([found.broken, found.items.length], [10_003, 2]);
  });
});
