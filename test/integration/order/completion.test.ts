import assert from "node:assert/strict";
import { OrderStatus, PayStatus, ShippingStatus } from "#proto/shop/order/v1/order_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newGoods, newKey, newShopper, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { type Replica, startReplica } from "../../../testbed/shop/replica.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

const DAY_MS = 24 * 3_600_000;

describe("shipped orders whose receipt is not confirmed", function () {
  this.timeout(startMs);
  let shop: Shop;
  let never: Replica;
  let soon: Replica;
  before(async () => {
    shop = await sharedShop();
    never = await startReplica(shop, "order", { SHOP_COMPLETE_AFTER_DAYS: "0" });
    soon = await startReplica(shop, "order", { SHOP_COMPLETE_AFTER_DAYS: "3" });
  });
  after(() => Promise.all([never?.stop(), soon?.stop()]));

  async function shippedOrder(admin = shop.admin) {
    const shopper = await newShopper(shop, { balanceCents: 5_000n });
    const goods = await newGoods(shop);
    const request = placeRequest(
      { userId: shopper.userId, lines: [[goods, 2n]] },
      { balanceCents: 2_000n },
    );
    const { order } = await shopper.calls.order.placeOrder(request);
    const { orderId = 0n } = order ?? {};
    const { order: shipped } = await admin.order.shipOrder({ orderId, trackingNumber: "T1" });
    assert.equal(shipped?.shippingStatus, ShippingStatus.SHIPPED);
    return { shopper, orderId, goodsId: goods.goodsId };
  }

  /** Milliseconds between shipping and completion, null if the order never completes. */
  async function keptMs(orderId: bigint): Promise<number | null> {
    const [row] = await shop.sql(
      "order",
      "select ship_time, complete_after from orders where order_id = ?",
      [orderId],
    );
    const { ship_time: shipped, complete_after: completes } = row ?? {};
    return completes instanceof Date ? completes.getTime() - (shipped as Date).getTime() : null;
  }

  const isDue = (orderIds: bigint[]) =>
    shop.sql("order", "update orders set complete_after = now(3) where order_id in (?)", [
      orderIds,
    ]);

  const historyOf = async (orderId: bigint) =>
    (await shop.admin.order.listOrderHistory({ orderId })).entries;

  it("keep the time of the setting when they were shipped", async () => {
    assert.equal(await keptMs((await shippedOrder()).orderId), 14 * DAY_MS);
    assert.equal(await keptMs((await shippedOrder(soon.admin)).orderId), 3 * DAY_MS);
    assert.equal(await keptMs((await shippedOrder(never.admin)).orderId), null);
  });

  it("complete at that time, once, with their history and their event", async () => {
    const orders = [await shippedOrder(), await shippedOrder(), await shippedOrder(never.admin)];
    const waiting = await shippedOrder();
    const orderIds = orders.map(({ orderId }) => orderId);
    await isDue(orderIds);
    for (const { shopper, orderId } of orders) {
      await eventually(async () => {
        const { order } = await shopper.calls.order.getOrder({ orderId });
        assert.equal(order?.orderStatus, OrderStatus.COMPLETED);
        assert.equal(order.shippingStatus, ShippingStatus.RECEIVED);
        assert.ok(order.closeTime);
      });
      const entries = await historyOf(orderId);
      const { actor, cause } = entries.at(-1) ?? {};
      assert.deepEqual([actor, cause], ["service:order", "complete_after"]);
      const completed = entries.filter(({ orderStatus }) => orderStatus === OrderStatus.COMPLETED);
      assert.equal(completed.length, 1);
      assert.equal(await keptMs(orderId), null);
    }
    const events = await shop.sql(
      "order",
      "select order_id from outbox where order_id in (?) and fact = 'order.v1.completed'",
      [orderIds],
    );
    assert.equal(events.length, orders.length);
    const { order } = await shop.admin.order.getOrder({ orderId: waiting.orderId });
    assert.equal(order?.orderStatus, OrderStatus.CONFIRMED);
  });

  it("complete before it by ConfirmReceipt, and once", async () => {
    const { shopper, orderId } = await shippedOrder();
    await shopper.calls.order.confirmReceipt({ orderId });
    assert.equal(await keptMs(orderId), null);
    await isDue([orderId]);
    const { shopper: other, orderId: next } = await shippedOrder();
    await isDue([next]);
    await eventually(async () => {
      const { order } = await shop.admin.order.getOrder({ orderId: next });
      assert.equal(order?.orderStatus, OrderStatus.COMPLETED);
    });
    assert.equal((await historyOf(orderId)).at(-1)?.cause, "ConfirmReceipt");
    const { order } = await other.calls.order.confirmReceipt({ orderId: next });
    assert.equal(order?.orderStatus, OrderStatus.COMPLETED);
  });

  it("complete after a refund of some goods, and not after a refund of all", async () => {
    const some = await shippedOrder();
    const all = await shippedOrder();
    const lines = [{ goodsId: some.goodsId, quantity: 1n }];
    await shop.admin.order.refundOrder({ requestId: newKey(), orderId: some.orderId, lines });
    await shop.admin.order.refundOrder({ requestId: newKey(), orderId: all.orderId });
    await isDue([some.orderId, all.orderId]);
    await eventually(async () => {
      const { order } = await shop.admin.order.getOrder({ orderId: some.orderId });
      assert.equal(order?.orderStatus, OrderStatus.COMPLETED);
      assert.equal(order.payStatus, PayStatus.PARTIALLY_REFUNDED);
    });
    const { order } = await shop.admin.order.getOrder({ orderId: all.orderId });
    assert.equal(order?.orderStatus, OrderStatus.REFUNDED);
  });
});
