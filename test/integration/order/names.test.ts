import assert from "node:assert/strict";
import { CancelReason } from "#proto/shop/order/v1/order_pb.ts";
import { newGoods, newShopper, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

describe("what an order says of its goods", function () {
  this.timeout(startMs);
  let shop: Shop;
  before(async () => {
    shop = await sharedShop();
  });

  const namesOf = (order: { lines: { name: string; sku: string }[] } | undefined) =>
    order?.lines.map(({ name, sku }) => ({ name, sku }));

  it("keeps name and sku as sold after the goods are renamed", async () => {
    const shopper = await newShopper(shop);
    const [first, second] = [await newGoods(shop), await newGoods(shop)];
    const goods = [second, first];
    const request = placeRequest({
      userId: shopper.userId,
      lines: goods.map((item) => [item, 1n] as [typeof item, bigint]),
    });
    const sold = await Promise.all(
      goods.map(async ({ goodsId }) => {
        const item = (await shop.anonymous.goods.getGoods({ goodsId })).goods;
        return { name: item?.name ?? "", sku: item?.sku ?? "" };
      }),
    );
    const { order } = await shopper.calls.order.placeOrder(request);
    assert.deepEqual(namesOf(order), sold);
    await shop.admin.goods.updateGoods({ goodsId: first.goodsId, name: "Renamed 東京都 😀" });
    const read = await shopper.calls.order.getOrder({ orderId: order?.orderId ?? 0n });
    assert.deepEqual(read.order, order);
    assert.deepEqual((await shopper.calls.order.placeOrder(request)).order, order);
  });

  it("ignores names in requests, and takes them as they are in quotes", async () => {
    const shopper = await newShopper(shop);
    const goods = await newGoods(shop);
    await shop.admin.goods.updateGoods({ goodsId: goods.goodsId, name: "'; drop \\ 東京 😀" });
    const request = placeRequest({ userId: shopper.userId, lines: [[goods, 1n]] });
    const lines = request.lines.map((line) => ({ ...line, name: "cheap", sku: "cheap" }));
    const { order } = await shopper.calls.order.placeOrder({ ...request, lines });
    const quote = await shopper.calls.order.quoteOrder({ lines });
    assert.deepEqual(
      [namesOf(order)?.[0]?.name, quote.lines[0]?.name],
      Array(2).fill("'; drop \\ 東京 😀"),
    );
  });

  it("says who cancelled it: its user or an administrator", async () => {
    for (const by of ["user", "admin"] as const) {
      const shopper = await newShopper(shop);
      const goods = await newGoods(shop);
      const request = placeRequest({ userId: shopper.userId, lines: [[goods, 1n]] });
      const { order } = await shopper.calls.order.placeOrder(request);
      const { orderId = 0n } = order ?? {};
      const caller = by === "user" ? shopper.calls : shop.admin;
      const { order: cancelled } = await caller.order.cancelOrder({ orderId });
      const reason = by === "user" ? CancelReason.BY_USER : CancelReason.BY_ADMIN;
      assert.equal(cancelled?.cancelReason, reason);
    }
  });
});
