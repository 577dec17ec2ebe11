import assert from "node:assert/strict";
import { type Day, readDay } from "../testbed/retail/day.ts";
import { sampleLine } from "../testbed/retail/sample-line.ts";
import { compare } from "./compare.ts";
import { expectedTallies, restingStock } from "./expected.ts";

const rule = { freeFromCents: 10_000n, feeCents: 1_000n };

describe("the comparison with the file", () => {
  let day: Day;
  before(async () => {
    day = await readDay(
      ["1", "2", "3"].map((customerId) => sampleLine({ invoiceNo: customerId, customerId })),
    );
  });

  it("finds everything the same when the shop has what the file says", () => {
    const comparison = compareWith(day, () => {});
    assert.equal(comparison.same, true);
    assert.deepEqual(comparison.differences, []);
    assert.deepEqual(comparison.amountCents, { same: true, expected: 3_750n, found: 3_750n });
  });

  it("names the item whose stock differs by a unit or is not found", () => {
    for (const left of [2n, 4n, undefined]) {
      const comparison = compareWith(day, ({ stock }) => {
        if (left === undefined) stock.clear();
        else stock.set(1n, left);
      });
      assert.equal(comparison.same, false);
      assert.deepEqual(comparison.stock, { same: false, expected: 1, found: 0 });
      assert.match(comparison.differences[0] ?? "", /^stock of A at 250 cents \(goods 1\)/);
    }
  });

  it("finds an order that is missing, duplicated or too expensive", () => {
    const off = [
      { orders: 0, lines: 0, amountCents: 0n },
      { orders: 2, lines: 2, amountCents: 2_500n },
      { orders: 1, lines: 1, amountCents: 1_251n },
    ];
    for (const tally of off) {
      const comparison = compareWith(day, ({ tallies }) => tallies.set("2", tally));
      assert.equal(comparison.same, false);
      assert.match(comparison.differences[0] ?? "", /^customer 2: /);
    }
  });

  it("finds orders of the wrong customer even if the sums are right", () => {
    const comparison = compareWith(day, ({ tallies }) => {
      tallies.set("1", { orders: 2, lines: 2, amountCents: 2_500n });
      tallies.set("2", { orders: 0, lines: 0, amountCents: 0n });
    });
    assert.equal(comparison.orders.same && comparison.amountCents.same, true);
    assert.equal(comparison.same, false);
    assert.deepEqual(comparison.customers, { same: false, expected: 3, found: 1 });
  });
});

type Found = Parameters<typeof compare>[1]["found"];

function compareWith(day: Day, change: (found: Found) => void) {
  const goodsIds = day.items.map((_, index) => BigInt(index + 1));
  const found: Found = {
    stock: new Map(day.items.map((item, index) => [BigInt(index + 1), restingStock(item)])),
    tallies: expectedTallies(day, rule),
  };
  change(found);
  return compare(day, { prepared: { goodsIds, userIds: new Map() }, rule, found });
}
