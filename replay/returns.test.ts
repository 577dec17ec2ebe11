import assert from "node:assert/strict";
import { type Day, readDay } from "../testbed/retail/day.ts";
import type { RetailLine } from "../testbed/retail/retail-line.ts";
import { sampleLine } from "../testbed/retail/sample-line.ts";
import { comparePaid, type PaidFound } from "./compare-paid.ts";
import { expectedMoney, moneyOfCustomers } from "./expected-money.ts";
import { planReturns } from "./returns.ts";

const rules = {
  shipping: { freeFromCents: 10_000n, feeCents: 1_000n },
  pointsPerUnit: 1n,
  currency: "EUR",
};

describe("the returns of a day", () => {
  const planned = async (lines: Partial<RetailLine>[]) =>
    planReturns(await readDay(lines.map(sampleLine)));

  it("are refunds of the customer's latest earlier order first, and of no more than was bought", async () => {
    const { refunds, units, unmatched } = await planned([
      { invoiceNo: "1", quantity: 4n },
      { invoiceNo: "2", quantity: 2n },
      { invoiceNo: "C3", quantity: -5n },
      { invoiceNo: "C4", quantity: -3n },
      { invoiceNo: "5", quantity: 9n },
    ]);
    assert.deepEqual(refunds, [
      { invoiceNo: "C3", order: 1, lines: [{ item: 0, quantity: 2n }] },
      { invoiceNo: "C3", order: 0, lines: [{ item: 0, quantity: 3n }] },
      { invoiceNo: "C4", order: 0, lines: [{ item: 0, quantity: 1n }] },
    ]);
    assert.deepEqual([...units], [[0, 6n]]);
    assert.deepEqual(unmatched, { lines: 1, units: 2n });
  });

  it("are never taken from another customer, another price, or an order that came later", async () => {
    const { refunds, unmatched } = await planned([
      { invoiceNo: "1", customerId: "8" },
      { invoiceNo: "2", unitPriceCents: 300n },
      { invoiceNo: "C3", quantity: -1n },
      { invoiceNo: "4" },
    ]);
    assert.deepEqual([refunds, unmatched], [[], { lines: 1, units: 1n }]);
  });

  it("are one refund when an invoice returns several items of an order, or one item twice", async () => {
    const { refunds } = await planned([
      { invoiceNo: "1", customerId: "", quantity: 3n },
      { invoiceNo: "1", customerId: "", stockCode: "A2", quantity: 1n },
      { invoiceNo: "C2", customerId: "", quantity: -1n },
      { invoiceNo: "C2", customerId: "", stockCode: "A2", quantity: -1n },
      { invoiceNo: "C2", customerId: "", quantity: -1n },
    ]);
    assert.deepEqual(
      refunds.map(({ lines }) => lines),
      [
        [
          { item: 0, quantity: 2n },
          { item: 1, quantity: 1n },
        ],
      ],
    );
  });

  it("belong to the right order after an invoice that is too long to be an order", async () => {
    const many = Array.from({ length: 1_001 }, (_, index) => {
      return { invoiceNo: "1", stockCode: `S${index}` };
    });
    const { refunds } = await planned([
      ...many,
      { invoiceNo: "2" },
      { invoiceNo: "C3", quantity: -1n },
    ]);
    assert.deepEqual(
      refunds.map(({ order }) => order),
      [0],
    );
  });
});

describe("the money of a day", () => {
  let day: Day;
  before(async () => {
    day = await readDay(
      [
        { invoiceNo: "1", quantity: 3n },
        { invoiceNo: "2", customerId: "8", unitPriceCents: 10_050n },
        { invoiceNo: "C3", quantity: -1n },
        { invoiceNo: "C4", quantity: -2n },
        { invoiceNo: "5", unitPriceCents: 199n },
      ].map(sampleLine),
    );
  });

  it("is what was paid and refunded, the fee with the last goods, and points for the rest", () => {
    assert.deepEqual(expectedMoney(day, planReturns(day).refunds, rules), [
      money({ paidCents: 1_750n, refundedUnits: 3n, refundedCents: 1_750n, points: 0n }),
      money({ paidCents: 10_050n, points: 100n }),
      money({ paidCents: 1_199n, points: 11n }),
    ]);
  });

  it("counts points for full units of the shop's currency, which may have no or three places", () => {
    const pointsIn = (currency: string) =>
      expectedMoney(day, planReturns(day).refunds, { ...rules, currency }).map((one) => one.points);
    assert.deepEqual(pointsIn("JPY"), [0n, 10_050n, 1_199n]);
    assert.deepEqual(pointsIn("KWD"), [0n, 10n, 1n]);
  });

  it("compares equal when the shop has it, and any cent, unit or point that differs is named", () => {
    assert.equal(compareWith(day, () => {}).same, true);
    for (const change of ["paidCents", "refundedUnits", "refundedCents", "points"] as const) {
      const comparison = compareWith(day, ({ customers }) => {
        const has = customers.get("7");
        if (has) has[change] += 1n;
      });
      assert.equal(comparison.same, false);
      assert.equal(comparison[change].same, false);
      assert.match(comparison.differences[0] ?? "", /^customer 7: /);
    }
  });

  it("differs when the provider took or refunded another amount, or does not know the payment", () => {
    const wrong = [
      { state: "paid", amountCents: 10_050n, refundedCents: 1n },
      { state: "paid", amountCents: 10_049n, refundedCents: 0n },
      { state: "closed", amountCents: 10_050n, refundedCents: 0n },
      undefined,
    ] as const;
    for (const payment of wrong) {
      const comparison = compareWith(day, ({ provider }) => {
        if (payment) provider.set("2", payment);
        else provider.delete("2");
      });
      assert.equal(comparison.same, false);
      assert.deepEqual(comparison.provider, { same: false, expected: 3, found: 2 });
      assert.match(comparison.differences[0] ?? "", /^payment of invoice 2 at the provider: /);
    }
  });
});

function compareWith(day: Day, change: (found: PaidFound) => void) {
  const returns = planReturns(day);
  const orders = expectedMoney(day, returns.refunds, rules);
  const paymentIds = orders.map((_, index) => BigInt(index + 1));
  const provider: PaidFound["provider"] = new Map(
    orders.map(({ paidCents: amountCents, refundedCents }, index) => {
      return [String(paymentIds[index]), { state: "paid", amountCents, refundedCents }];
    }),
  );
  const found = { customers: moneyOfCustomers(day, orders), provider };
  change(found);
  return comparePaid(day, { returns, rules, paymentIds, found });
}

function money(changes: object) {
  return {
    paidOrders: 1,
    paidCents: 0n,
    refundedUnits: 0n,
    refundedCents: 0n,
    points: 0n,
    ...changes,
  };
}
