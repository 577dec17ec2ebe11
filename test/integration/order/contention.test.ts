import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { OrderStatus } from "#proto/shop/order/v1/order_pb.ts";
import { outcome, refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import {
  insertGoods,
  newCoupon,
  newGoods,
  newKey,
  newShopper,
  placeRequest,
} from "../../../testbed/orders/fixtures.ts";
import { quiet } from "../../../testbed/orders/snapshot.ts";
import { type Replica, startReplica } from "../../../testbed/shop/replica.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

const ORDERS = 30;
const MAX_LINES = 1_000;

describe("orders that compete", function () {
  this.timeout(startMs);
  let shop: Shop;
  let replica: Replica;
  before(async () => {
    shop = await sharedShop();
    replica = await startReplica(shop, "order");
  });
  after(() => replica?.stop());

  const stockOf = async (goodsId: bigint) =>
    (await shop.admin.goods.getGoods({ goodsId })).goods?.stock;
  /** Places ORDERS orders of one shopper at once, at two replicas, and counts each outcome. */
  const placeAll = async (
    userId: bigint,
    request: (index: number) => ReturnType<typeof placeRequest>,
  ) => {
    const callers = [shop.user(userId), replica.user(userId)];
    const placing = Array.from({ length: ORDERS }, (_, index) =>
      outcome((callers[index % 2] ?? shop.admin).order.placeOrder(request(index))),
    );
    const names = await Promise.all(placing);
    return Object.fromEntries(
      Map.groupBy(names, (name) => name)
        .entries()
        .map(([name, all]) => [name, all.length]),
    );
  };

  it("redeem a coupon once; the others release their stock", async () => {
    const { userId, calls } = await newShopper(shop);
    const goods = await newGoods(shop, { stock: 100n });
    const { couponId } = await newCoupon(shop, userId);
    const request = () => placeRequest({ userId, lines: [[goods, 1n]] }, { couponId });
    assert.deepEqual(await placeAll(userId, request), { ok: 1, COUPON_ALREADY_USED: ORDERS - 1 });
    await quiet(shop);
    assert.equal(await stockOf(goods.goodsId), 99n);
    const {
      orders: [order],
    } = await calls.order.listOrders({ orderStatus: OrderStatus.CONFIRMED });
    const { coupon } = await calls.coupon.getCoupon({ couponId });
    assert.equal(coupon?.orderId, order?.orderId);
  });

  it("spend a balance as far as it reaches, and never below zero", async () => {
    const { userId, calls } = await newShopper(shop, { balanceCents: 1_000n });
    const goods = await newGoods(shop, { stock: 100n });
    const request = () => placeRequest({ userId, lines: [[goods, 1n]] }, { balanceCents: 150n });
    assert.deepEqual(await placeAll(userId, request), { ok: 6, BALANCE_NOT_ENOUGH: ORDERS - 6 });
    await quiet(shop);
    assert.equal((await calls.user.getUser({})).user?.balanceCents, 100n);
    assert.equal(await stockOf(goods.goodsId), 94n);
  });

  it("are cancelled while others are placed, and no unit of stock is lost", async () => {
    const { userId, calls } = await newShopper(shop, { balanceCents: 100_000n });
    const goods = await newGoods(shop, { stock: 5n });
    const placeAndCancel = async () => {
      const request = placeRequest({ userId, lines: [[goods, 1n]] }, { balanceCents: 10n });
      const name = await outcome(
        calls.order
          .placeOrder(request)
          .then(({ order }) =>
            replica.user(userId).order.cancelOrder({ orderId: order?.orderId ?? 0n }),
          ),
      );
      assert.ok(["ok", "STOCK_NOT_ENOUGH"].includes(name), name);
    };
    await Promise.all(Array.from({ length: ORDERS }, placeAndCancel));
    await quiet(shop);
    assert.equal(await stockOf(goods.goodsId), 5n);
    assert.equal((await calls.user.getUser({})).user?.balanceCents, 100_000n);
  });

  it("cannot be cancelled while they are being placed", async () => {
    const { userId, calls } = await newShopper(shop);
    const goods = await newGoods(shop);
    shop.freeze("goods");
    const placing = calls.order.placeOrder(placeRequest({ userId, lines: [[goods, 1n]] }));
    try {
      const orderId = await eventually(async () => {
        const query = "select order_id from orders where user_id = ?";
        const [row] = await shop.sql<{ order_id: bigint }>("order", query, [userId]);
        return row?.order_id ?? assert.fail("not saved yet");
      });
      await refused(calls.order.cancelOrder({ orderId }), Reason.REQUEST_IN_PROGRESS);
    } finally {
      shop.thaw("goods");
    }
    assert.equal((await placing).order?.orderStatus, OrderStatus.CONFIRMED);
  });

  it(`may have ${MAX_LINES} lines and no more, quoted or placed`, async () => {
    const { userId, calls } = await newShopper(shop);
    const goods = await insertGoods(shop, MAX_LINES + 1);
    const lines = goods.map((item): [typeof item, bigint] => [item, 2n]);
    const most = placeRequest({ userId, lines: lines.slice(0, MAX_LINES) });
    const quote = await calls.order.quoteOrder(most);
    assert.equal(quote.orderAmountCents, most.orderAmountCents);
    const { order } = await calls.order.placeOrder(most);
    const placed = order?.lines.map(({ goodsId }) => goodsId);
    assert.deepEqual(
      placed,
      most.lines.map(({ goodsId }) => goodsId),
    );
    const { orderId = 0n } = order ?? {};
    assert.equal((await calls.order.getOrder({ orderId })).order?.lines.length, MAX_LINES);
    const tooMany = placeRequest({ userId, lines });
    await refused(calls.order.placeOrder(tooMany), Reason.INVALID_ARGUMENT);
    await refused(calls.order.quoteOrder(tooMany), Reason.INVALID_ARGUMENT);
    // Only the last line is refused, and the stock of all the others is released.
    const last = { ...(most.lines.at(-1) ?? assert.fail()), quantity: 1_000_000n };
    const short = placeRequest({ userId, lines: lines.slice(0, MAX_LINES) });
    const extra = (last.quantity - 2n) * last.unitPriceCents;
    const orderAmountCents = short.orderAmountCents + extra;
    const tooLarge = { ...short, lines: [...short.lines.slice(0, -1), last], orderAmountCents };
    const refusal = await refused(
      calls.order.placeOrder({ ...tooLarge, requestId: newKey() }),
      Reason.STOCK_NOT_ENOUGH,
    );
    assert.equal(refusal.metadata.goods_id, String(last.goodsId));
    await quiet(shop);
    const [left] = await shop.sql<{ least: bigint; most: bigint }>(
      "goods",
      "select min(stock) as least, max(stock) as most from goods where goods_id in (?)",
      [most.lines.map(({ goodsId }) => goodsId)],
    );
    assert.deepEqual(left, { least: 98n, most: 98n });
  });
});
