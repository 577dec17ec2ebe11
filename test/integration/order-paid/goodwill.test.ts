import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newGoods, newKey, newShopper, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { quiet } from "../../../testbed/orders/snapshot.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

/** Three pieces at 5.00 and the shipping fee, paid from the balance. */
const PAID_CENTS = 2_500n;

describe("refunds without goods", function () {
  this.timeout(startMs);
  let shop: Shop;
  before(async () => {
    shop = await sharedShop();
  });

  async function paidOrder() {
    const shopper = await newShopper(shop, { balanceCents: 5_000n });
    const goods = await newGoods(shop, { stock: 10n });
    const request = placeRequest(
      { userId: shopper.userId, lines: [[goods, 3n]] },
      { balanceCents: PAID_CENTS },
    );
    const { order } = await shopper.calls.order.placeOrder(request);
    const { orderId = 0n } = order ?? {};
    const { goodsId } = goods;
    const refund = (fields: object) =>
      shop.admin.order.refundOrder({ requestId: newKey(), orderId, ...fields });
    return {
      shopper,
      orderId,
      refund,
      one: [
        {
          goodsId,
          quantity: 1n,
        },
      ],
      stock: async () => (await shop.admin.goods.getGoods({ goodsId })).goods?.stock,
      user: async () => (await shopper.calls.user.getUser({})).user,
    };
  }

  it("return money and points, no goods, and leave the order open", async () => {
    const { shopper, orderId, refund, stock, user } = await paidOrder();
    await eventually(async () => assert.equal((await user())?.points, 25n));
    const { order } = await refund({ goodwillCents: 300n });
    assert.equal(order?.orderStatus, OrderStatus.CONFIRMED);
    assert.equal(order.payStatus, PayStatus.PARTIALLY_REFUNDED);
    const [shown] = order.refunds;
    assert.deepEqual([shown?.goodwillCents, shown?.balanceCents], [300n, 300n]);
    assert.deepEqual(shown?.lines, []);
    const { refunds } = await shopper.calls.order.listRefunds({ orderId });
    assert.equal(refunds[0]?.goodwillCents, 300n);
    await eventually(async () => assert.equal((await user())?.balanceCents, 2_800n));
    await eventually(async () => assert.equal((await user())?.points, 22n));
    await quiet(shop);
    assert.equal(await stock(), 7n);
  });

  it("add up with the refunds of lines to exactly what was paid", async () => {
    const { orderId, refund, one, stock, user } = await paidOrder();
    await refund({ lines: one, goodwillCents: 100n });
    await refund({ goodwillCents: 1_700n });
    await refused(refund({ goodwillCents: 201n }), Reason.INVALID_ARGUMENT);
    await refused(refund({ lines: one, goodwillCents: 1n }), Reason.INVALID_ARGUMENT);
    const { order } = await refund({});
    assert.equal(order?.orderStatus, OrderStatus.REFUNDED);
    const back = order.refunds.map(({ balanceCents }) => balanceCents);
    assert.deepEqual(back, [600n, 1_700n, 200n]);
    await eventually(async () => assert.equal((await user())?.balanceCents, 5_000n));
    await eventually(async () => assert.equal(await stock(), 10n));
    await refused(refund({ goodwillCents: 1n }), Reason.ORDER_STATE_INVALID);
    assert.equal((await shop.admin.order.getOrder({ orderId })).order?.refunds.length, 3);
  });

  it("may be all that was paid; the goods can still come back", async () => {
    const { refund, stock } = await paidOrder();
    const { order: open } = await refund({ goodwillCents: PAID_CENTS });
    assert.equal(open?.payStatus, PayStatus.PARTIALLY_REFUNDED);
    const { order } = await refund({});
    assert.equal(order?.payStatus, PayStatus.REFUNDED);
    assert.equal(order.refunds.at(-1)?.balanceCents, 0n);
    await eventually(async () => assert.equal(await stock(), 10n));
  });

  it("are one refund for one request, and another request with another amount", async () => {
    const { orderId } = await paidOrder();
    const request = { requestId: newKey(), orderId, goodwillCents: 10n };
    await shop.admin.order.refundOrder(request);
    const { order } = await shop.admin.order.refundOrder(request);
    assert.equal(order?.refunds.length, 1);
    const other = { ...request, goodwillCents: 11n };
    await refused(shop.admin.order.refundOrder(other), Reason.REQUEST_ID_REUSED);
    const { goodwillCents: _, ...all } = request;
    await refused(shop.admin.order.refundOrder(all), Reason.REQUEST_ID_REUSED);
  });
});
