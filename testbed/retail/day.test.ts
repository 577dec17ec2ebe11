import assert from "node:assert/strict";
import { expectedTallies, openingStock, restingStock, shippingFee } from "../../replay/expected.ts";
import { type Day, readDay } from "./day.ts";
import type { RetailLine } from "./retail-line.ts";

const rule = { freeFromCents: 10_000n, feeCents: 1_000n };

describe("a shop's day", () => {
  it("makes an order of an invoice and one line of the lines that name the same item", async () => {
    const day = await readDay([
      line({ invoiceNo: "1", quantity: 2n }),
      line({ invoiceNo: "1", stockCode: "A2", quantity: 1n }),
      line({ invoiceNo: "1", quantity: 3n }),
    ]);
    assert.deepEqual(day.orders[0]?.lines, [
      { item: 0, quantity: 5n, unitPriceCents: 250n },
      { item: 1, quantity: 1n, unitPriceCents: 250n },
    ]);
    assert.equal(day.orders[0]?.goodsAmountCents, 1_500n);
  });

  it("has one item for each code and price, whatever way the price is written", async () => {
    const day = await readDay([
      line({ invoiceNo: "1" }),
      line({ invoiceNo: "2", unitPriceCents: 300n }),
      line({ invoiceNo: "3" }),
    ]);
    assert.deepEqual(
      day.items.map(({ unitPriceCents, sold, orders }) => [unitPriceCents, sold, orders]),
      [
        [250n, 2n, 2n],
        [300n, 1n, 1n],
      ],
    );
  });

  it("keeps all guests as one customer", async () => {
    const day = await readDay([
      line({ invoiceNo: "1", customerId: "" }),
      line({ invoiceNo: "2", customerId: "7" }),
      line({ invoiceNo: "3", customerId: "" }),
    ]);
    assert.deepEqual(day.customerIds, ["", "7"]);
    assert.equal(expectedTallies(day, rule).get("")?.orders, 2);
  });

  it("counts returns and corrections, keeps the returns with their item, and sells neither", async () => {
    const day = await readDay([
      line({ invoiceNo: "1", quantity: 4n }),
      line({ invoiceNo: "1", stockCode: "POST", unitPriceCents: 1_800n }),
      line({ invoiceNo: "2", unitPriceCents: 0n, quantity: -10n }),
      line({ invoiceNo: "C3", quantity: -3n }),
      line({ invoiceNo: "C3", stockCode: "never sold", quantity: -1n }),
    ]);
    assert.deepEqual(day.lines, { read: 5, sold: 1, returned: 2, corrections: 2 });
    assert.equal(day.orders.length, 1);
    assert.deepEqual(
      day.returns.map(({ invoiceNo, quantity, item }) => [invoiceNo, quantity, item]),
      [
        ["C3", 3n, 0],
        ["C3", 1n, undefined],
      ],
    );
  });

  it("stops after so many whole orders, and reads no further", async () => {
    let given = 0;
    function* endless(): Generator<RetailLine> {
      for (;;) yield line({ invoiceNo: String(Math.floor(given++ / 3)) });
    }
    const day = await readDay(endless(), 2);
    assert.equal(day.orders.length, 2);
    assert.equal(day.lines.sold, 6);
    assert.equal(given, 7);
  });

  it("leaves out an invoice with more lines than an order may have, and its units", async () => {
    const many = Array.from({ length: 1_001 }, (_, index) =>
      line({ invoiceNo: "1", stockCode: `S${index}` }),
    );
    const day = await readDay([...many, line({ invoiceNo: "2", stockCode: "S0" })]);
    assert.deepEqual(day.tooLong, ["1"]);
    assert.deepEqual(
      day.items.map(({ stockCode, sold }) => [stockCode, sold]),
      [["S0", 1n]],
    );
  });

  it("opens with the stock for every order and a rest that must be left", async () => {
    const day = await readDay([line({ invoiceNo: "1", quantity: 4n }), line({ invoiceNo: "2" })]);
    const item = day.items[0] as Day["items"][number];
    assert.equal(openingStock(item), 7n);
    assert.equal(restingStock(item), 2n);
  });

  it("ships free from the limit on, the limit itself included", async () => {
    const day = await readDay([
      line({ invoiceNo: "1", unitPriceCents: 9_999n }),
      line({ invoiceNo: "2", unitPriceCents: 10_000n }),
    ]);
    assert.deepEqual(
      day.orders.map((order) => shippingFee(order, rule)),
      [1_000n, 0n],
    );
    assert.deepEqual(expectedTallies(day, rule).get("7"), {
      orders: 2,
      lines: 2,
      amountCents: 20_999n,
    });
  });
});

function line(changes: Partial<RetailLine>): RetailLine {
  return {
    invoiceNo: "1",
    stockCode: "A",
    description: "A THING",
    quantity: 1n,
    unitPriceCents: 250n,
    customerId: "7",
    country: "United Kingdom",
    ...changes,
  };
}
