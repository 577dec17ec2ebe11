import assert from "node:assert/strict";
import { readDay } from "./day.ts";
import type { RetailLine } from "./retail-line.ts";
import { sampleLine } from "./sample-line.ts";

describe("a shop's day", () => {
  it("turns an invoice into an order, and its lines of the same item into one line", async () => {
    const day = await readDay([
      sampleLine({ invoiceNo: "1", quantity: 2n }),
      sampleLine({ invoiceNo: "1", stockCode: "A2", quantity: 1n }),
      sampleLine({ invoiceNo: "1", quantity: 3n }),
    ]);
    assert.deepEqual(day.orders[0]?.lines, [
      { item: 0, quantity: 5n, unitPriceCents: 250n },
      { item: 1, quantity: 1n, unitPriceCents: 250n },
    ]);
    assert.equal(day.orders[0]?.goodsAmountCents, 1_500n);
  });

  it("has one item for each stock code and price", async () => {
    const day = await readDay([
      sampleLine({ invoiceNo: "1" }),
      sampleLine({ invoiceNo: "2", unitPriceCents: 300n }),
      sampleLine({ invoiceNo: "3" }),
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
      sampleLine({ invoiceNo: "1", customerId: "" }),
      sampleLine({ invoiceNo: "2", customerId: "7" }),
      sampleLine({ invoiceNo: "3", customerId: "" }),
    ]);
    assert.deepEqual(day.customerIds, ["", "7"]);
  });

  it("counts returns and corrections without selling them, and keeps the returns", async () => {
    const day = await readDay([
      sampleLine({ invoiceNo: "1", quantity: 4n }),
      sampleLine({ invoiceNo: "1", stockCode: "POST", unitPriceCents: 1_800n }),
      sampleLine({ invoiceNo: "2", unitPriceCents: 0n, quantity: -10n }),
      sampleLine({ invoiceNo: "C3", quantity: -3n }),
      sampleLine({ invoiceNo: "C3", stockCode: "never sold", quantity: -1n }),
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

  it("stops reading once it has enough whole orders", async () => {
    let given = 0;
    function* endless(): Generator<RetailLine> {
      for (;;) yield sampleLine({ invoiceNo: String(Math.floor(given++ / 3)) });
    }
    const day = await readDay(endless(), 2);
    assert.equal(day.orders.length, 2);
    assert.equal(day.lines.sold, 6);
    assert.equal(given, 7);
  });

  it("leaves out an invoice with more lines than an order may have", async () => {
    const many = Array.from({ length: 1_001 }, (_, index) =>
      sampleLine({ invoiceNo: "1", stockCode: `S${index}` }),
    );
    const day = await readDay([...many, sampleLine({ invoiceNo: "2", stockCode: "S0" })]);
    assert.deepEqual(day.tooLong, ["1"]);
    assert.deepEqual(
      day.items.map(({ stockCode, sold }) => [stockCode, sold]),
      [["S0", 1n]],
    );
  });
});
