import assert from "node:assert/strict";
import { type Day, readDay } from "../testbed/retail/day.ts";
import { sampleLine } from "../testbed/retail/sample-line.ts";
import { expectedTallies, openingStock, restingStock, shippingFee } from "./expected.ts";

const rule = { freeFromCents: 10_000n, feeCents: 1_000n };

describe("what a day leads to", () => {
  it("counts the orders of all guests together", async () => {
    const day = await readDay([
      sampleLine({ invoiceNo: "1", customerId: "" }),
      sampleLine({ invoiceNo: "2", customerId: "7" }),
      sampleLine({ invoiceNo: "3", customerId: "" }),
    ]);
    assert.equal(expectedTallies(day, rule).get("")?.orders, 2);
  });

  it("gives each item stock for all orders and a rest that must be left", async () => {
    const day = await readDay([
      sampleLine({ invoiceNo: "1", quantity: 4n }),
      sampleLine({ invoiceNo: "2" }),
    ]);
    const item = day.items[0] as Day["items"][number];
    assert.equal(openingStock(item), 7n);
    assert.equal(restingStock(item), 2n);
  });

  it("ships free from the limit on, including the limit itself", async () => {
    const day = await readDay([
      sampleLine({ invoiceNo: "1", unitPriceCents: 9_999n }),
      sampleLine({ invoiceNo: "2", unitPriceCents: 10_000n }),
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
