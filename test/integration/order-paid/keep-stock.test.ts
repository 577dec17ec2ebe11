import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newGoods, newKey, newShopper, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { quiet } from "../../../testbed/orders/snapshot.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

describe("refunds that keep the goods out of the stock", function () {
  this.timeout(startMs);
  let shop: Shop;
  before(async () => {
    shop = await sharedShop();
  });

  async function paidOrder() {
    const shopper = await newShopper(shop, { balanceCents: 5_000n });
    const goods = await newGoods(shop, { stock: 10n });
    const lines: [typeof goods, bigint][] = [[goods, 3n]];
    const request = placeRequest({ userId: shopper.userId, lines }, { balanceCents: 2_500n });
    const { order } = await shopper.calls.order.placeOrder(request);
    const { orderId = 0n } = order ?? {};
    const { goodsId } = goods;
    const stock = async () => (await shop.admin.goods.getGoods({ goodsId })).goods?.stock;
    const one = [{ goodsId, quantity: 1n }];
    return { shopper, orderId, stock, one };
  }

  it("return the money and not the goods, and say so", async () => {
    const { shopper, orderId, stock, one } = await paidOrder();
    const refund = { requestId: newKey(), orderId, lines: one, keepStock: true };
    const { order } = await shop.admin.order.refundOrder(refund);
    assert.equal(order?.refunds[0]?.keepStock, true);
    await shop.admin.order.refundOrder({ requestId: newKey(), orderId, lines: one });
    await eventually(async () => assert.equal(await stock(), 8n));
    await quiet(shop);
    assert.equal(await stock(), 8n);
    const { user } = await shopper.calls.user.getUser({});
    assert.equal(user?.balanceCents, 3_500n);
  });

  it("are another request than a refund that returns the goods", async () => {
    const { orderId, one } = await paidOrder();
    const refund = { requestId: newKey(), orderId, lines: one };
    await shop.admin.order.refundOrder({ ...refund, keepStock: true });
    await shop.admin.order.refundOrder({ ...refund, keepStock: true });
    await refused(shop.admin.order.refundOrder(refund), Reason.REQUEST_ID_REUSED);
  });
});

describe("phone numbers of orders", function () {
  this.timeout(startMs);

  it("are taken as people write them, and refused if no phone could dial them", async () => {
    const shop = await sharedShop();
    const shopper = await newShopper(shop);
    const goods = await newGoods(shop);
    const request = placeRequest({ userId: shopper.userId, lines: [[goods, 1n]] });
    const place = (mobile: string) =>
      shopper.calls.order.placeOrder({
        ...request,
        requestId: newKey(),
        address: { ...request.address, mobile },
      });
    for (const mobile of ["(030) 123-4567", "+49 30/1234567 x885", "٠٣٠١٢٣٤٥٦٧"]) {
      assert.equal((await place(mobile)).order?.address?.mobile, mobile);
    }
    for (const mobile of ["call me", "1".repeat(21), " 030 1"]) {
      await refused(place(mobile), Reason.INVALID_ARGUMENT);
    }
  });
});
