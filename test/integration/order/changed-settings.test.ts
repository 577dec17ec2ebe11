import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { newGoods, newShopper, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { type Replica, startReplica } from "../../../testbed/shop/replica.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

describe("orders whose settings have changed since", function () {
  this.timeout(startMs);
  let shop: Shop;
  let changed: Replica;
  before(async () => {
    shop = await sharedShop();
    changed = await startReplica(shop, "order", {
      SHIPPING_FEE_CENTS: "700",
      FREE_SHIPPING_FROM_CENTS: "999999",
      SHOP_CURRENCY: "JPY",
      POINTS_PER_UNIT: "3",
      SHOP_PAY_DEADLINE_SECONDS: "60",
    });
  });
  after(() => changed?.stop());

  const newRequest = async (unitPriceCents?: bigint) => {
    const shopper = await newShopper(shop, { balanceCents: 50_000n });
    const goods = await newGoods(shop, unitPriceCents ? { unitPriceCents } : {});
    const request = placeRequest({ userId: shopper.userId, lines: [[goods, 1n]] });
    return { shopper, goods, request };
  };

  it("answers a repetition by the order, not by today's shipping fee or price", async () => {
    for (const price of [300n, 20_000n]) {
      const { shopper, goods, request } = await newRequest(price);
      const { order } = await shopper.calls.order.placeOrder(request);
      await shop.admin.goods.updateGoods({ goodsId: goods.goodsId, unitPriceCents: 12n });
      const again = await changed.admin.order.placeOrder(request);
      assert.deepEqual(again.order, order);
    }
  });

  it("refuses other contents under a known key as REQUEST_ID_REUSED, not for their fee", async () => {
    const { shopper, request } = await newRequest();
    await shopper.calls.order.placeOrder(request);
    const other = { ...request, balanceCents: 1n };
    await refused(changed.admin.order.placeOrder(other), Reason.REQUEST_ID_REUSED);
  });

  it("refuses a new request by today's shipping fee", async () => {
    const { request } = await newRequest();
    await refused(changed.admin.order.placeOrder(request), Reason.SHIPPING_FEE_INVALID);
  });

  it("keeps the currency, the deadline and the points of an order", async () => {
    const { shopper, request } = await newRequest();
    const { order } = await shopper.calls.order.placeOrder(request);
    assert.equal(order?.currencyCode, "EUR");
    const { order: now } = await changed.admin.order.getOrder({ orderId: order.orderId });
    assert.deepEqual(now, order);
    const rows = await shop.sql(
      "order",
      "select currency_code, points_per_unit from orders where order_id = ?",
      [order.orderId],
    );
    assert.deepEqual(rows, [{ currency_code: "EUR", points_per_unit: 1n }]);
  });
});
