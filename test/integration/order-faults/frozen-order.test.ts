import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { CancelReason } from "#proto/shop/order/v1/order_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { booksBalance } from "../../../testbed/orders/books.ts";
import { answerTo, newShopper, onlyOrder, possessed } from "../../../testbed/orders/shoppers.ts";
import { type Replica, startReplica } from "../../../testbed/shop/replica.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

const participants = ["goods", "coupon", "user"] as const;

describe("an order process that is frozen while another one cancels its order", function () {
  this.timeout(60_000);
  let shop: Shop;
  let other: Replica;
  before(async () => {
    const env = { SHOP_ABANDONED_AFTER_SECONDS: "15" };
    shop = await startShop({ services: [...participants, "order", "pay"], env });
    other = await startReplica(shop, "order", env);
  });
  after(async () => {
    await other?.stop();
    await shop?.stop();
  });

  for (const waitsFor of participants) {
    it(`while it waits for ${waitsFor}, has no further effect and answers the outcome`, async () => {
      const shopper = await newShopper(shop);
      const request = shopper.request();
      shop.freeze(waitsFor);
      const placing = answerTo(shopper.as.order.placeOrder(request));
      await eventually(async () => {
        const { userId } = shopper;
        const sql = "select order_id from orders where user_id = ? and order_status = 1";
        assert.equal((await shop.sql("order", sql, [userId])).length, 1);
      });
      shop.freeze("order");
      // The participant handles the command, and its answer waits for the frozen process.
      shop.thaw(waitsFor);
      const older = "update orders set create_time = create_time - interval 1 minute";
      await shop.sql("order", `${older} where user_id = ?`, [shopper.userId]);
      await booksBalance(shop);
      shop.thaw("order");

      const { refusal } = await placing;
      assert.equal(refusal?.reason, Reason.DEPENDENCY_UNAVAILABLE);
      assert.deepEqual(refusal.metadata, { service: "order" });
      const order = await onlyOrder(shopper);
      assert.equal(order.cancelReason, CancelReason.ABANDONED);
      for (const replica of [shop, other]) {
        const calls = replica.user(shopper.userId).order;
        assert.deepEqual((await answerTo(calls.placeOrder(request))).refusal, refusal);
      }
      await booksBalance(shop);
      assert.deepEqual(await shopper.possessions(), possessed({ taken: false }));
    });
  }
});
