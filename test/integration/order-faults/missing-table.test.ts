import assert from "node:assert/strict";
import { eventually } from "../../../testbed/eventually.ts";
import { booksBalance } from "../../../testbed/orders/books.ts";
import { newShopper, possessed } from "../../../testbed/orders/shoppers.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

/** A table of each consuming service, without which it cannot handle a cancellation. */
const MISSING = [
  ["goods", "reservations"],
  ["coupon", "inbox"],
  ["user", "balance_log"],
] as const;

describe("a table that is missing while events arrive", function () {
  this.timeout(90_000);
  let shop: Shop;
  before(async () => {
    shop = await startShop({ services: ["goods", "coupon", "user", "order", "pay"] });
  });
  after(() => shop?.stop());

  it("counts and parks nothing, and every event has its effect once it is back", async () => {
    const shopper = await newShopper(shop);
    const { order } = await shopper.as.order.placeOrder(shopper.request());
    for (const [service, table] of MISSING) {
      await shop.sql(service, `rename table ${table} to ${table}_away`);
    }
    await shop.admin.order.cancelOrder({ orderId: order?.orderId ?? 0n });
    for (const [service] of MISSING) {
      await eventually(
        () => {
          const interrupted = shop.output(service).split("not handled in an outage").length - 1;
          assert.ok(interrupted >= 3, `${service}: ${interrupted}`);
        },
        { withinMs: 30_000 },
      );
      assert.deepEqual(await shop.sql(service, "select * from parked_messages"), [], service);
    }
    for (const [service, table] of MISSING) {
      await shop.sql(service, `rename table ${table}_away to ${table}`);
    }
    await booksBalance(shop);
    assert.deepEqual(await shopper.possessions(), possessed({ taken: false }));
  });
});
