import assert from "node:assert/strict";
import { OrderStatus, PayStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { booksBalance } from "../../../testbed/orders/books.ts";
import { newGoods, newKey, newShopper, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { type Replica, startReplica } from "../../../testbed/shop/replica.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

/** An item at 10.00 and the shipping fee. */
const PAID_CENTS = 2_000n;

describe("goods with the price 0", function () {
  this.timeout(startMs);
  let shop: Shop;
  let freeShipping: Replica;
  before(async () => {
    shop = await sharedShop();
    freeShipping = await startReplica(shop, "order", { FREE_SHIPPING_FROM_CENTS: "0" });
  });
  after(() => freeShipping?.stop());

  const stockOf = async (goodsId: bigint) =>
    (await shop.admin.goods.getGoods({ goodsId })).goods?.stock;

  it("make an order without a price: placed, paid at once, and refunded", async () => {
    const shopper = await newShopper(shop);
    const goods = await newGoods(shop, { unitPriceCents: 0n, stock: 5n });
    const { userId } = shopper;
    const free = { shippingFeeCents: 0n, orderAmountCents: 0n };
    const request = placeRequest({ userId, lines: [[goods, 2n]] }, free);
    const quote = await freeShipping.admin.order.quoteOrder(request);
    assert.deepEqual([quote.orderAmountCents, quote.payAmountCents], [0n, 0n]);
    const { order } = await freeShipping.admin.order.placeOrder(request);
    assert.deepEqual([order?.payStatus, order?.payAmountCents], [PayStatus.PAID, 0n]);
    const { orderId = 0n } = order ?? {};
    assert.equal(await stockOf(goods.goodsId), 3n);
    const refund = { requestId: newKey(), orderId };
    const { order: refunded } = await shop.admin.order.refundOrder(refund);
    assert.equal(refunded?.orderStatus, OrderStatus.REFUNDED);
    assert.equal(refunded.refunds[0]?.status, RefundStatus.SUCCEEDED);
    await eventually(async () => assert.equal(await stockOf(goods.goodsId), 5n));
    await booksBalance(shop);
  });

  it("come back after the others, and the shipping fee with them", async () => {
    const shopper = await newShopper(shop, { balanceCents: PAID_CENTS });
    const gift = await newGoods(shop, { unitPriceCents: 0n, stock: 5n });
    const goods = await newGoods(shop, { unitPriceCents: 1_000n, stock: 5n });
    const { userId } = shopper;
    const lines = [
      [goods, 1n],
      [gift, 1n],
    ] as [typeof goods, bigint][];
    const request = placeRequest({ userId, lines }, { balanceCents: PAID_CENTS });
    const { order } = await shopper.calls.order.placeOrder(request);
    const { orderId = 0n } = order ?? {};
    const refund = (refunded: object[]) =>
      shop.admin.order.refundOrder({ requestId: newKey(), orderId, lines: refunded });
    const { order: part } = await refund([{ goodsId: goods.goodsId, quantity: 1n }]);
    assert.equal(part?.payStatus, PayStatus.PARTIALLY_REFUNDED);
    const { order: whole } = await refund([]);
    assert.equal(whole?.orderStatus, OrderStatus.REFUNDED);
    assert.deepEqual(
      whole.refunds.map(({ balanceCents }) => balanceCents),
      [1_000n, 1_000n],
    );
    await eventually(async () => assert.equal(await stockOf(gift.goodsId), 5n));
    await booksBalance(shop);
  });
});
