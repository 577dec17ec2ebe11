import assert from "node:assert/strict";
import { Reason, reasonName } from "#platform/values/refusal.ts";
import { CancelReason, OrderStatus } from "#proto/shop/order/v1/order_pb.ts";
import { booksBalance } from "../../../testbed/orders/books.ts";
import {
  answerTo,
  newShopper,
  ORDER_CENTS,
  onlyOrder,
  type PlaceRequest,
  possessed,
  type Shopper,
  uniqueKey,
} from "../../../testbed/orders/shoppers.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

type Refused = {
  title: string;
  /** Prepares the state in which the step refuses. Returns what differs from the usual order. */
  prepare: (shop: Shop, shopper: Shopper) => Promise<Partial<PlaceRequest>>;
  reason: Reason;
};

const steps: Refused[] = [
  {
    title: "at stock, as one of two lines is sold out",
    prepare: async (shop, { goodsIds: [, goodsId] }) => {
      const less = { requestId: uniqueKey(), goodsId, note: "stolen" };
      await shop.admin.goods.adjustStock({ ...less, delta: -10n });
      return {};
    },
    reason: Reason.STOCK_NOT_ENOUGH,
  },
  {
    title: "at stock, as the price has changed",
    prepare: async (shop, { goodsIds: [goodsId] }) => {
      await shop.admin.goods.updateGoods({ goodsId, unitPriceCents: 701n });
      return {};
    },
    reason: Reason.GOODS_PRICE_CHANGED,
  },
  {
    title: "at coupon, as it does not exist",
    prepare: async () => ({ couponId: 1n }),
    reason: Reason.COUPON_NOT_FOUND,
  },
  {
    title: "at coupon, as it is another user's",
    prepare: async (shop) => ({ couponId: (await newShopper(shop)).couponId }),
    reason: Reason.COUPON_NOT_FOUND,
  },
  {
    title: "at balance, as it is too small",
    prepare: async (shop, shopper) => {
      // Orders of another shopper's goods use up the balance.
      const other = await newShopper(shop);
      for (let spent = 0n; spent < 9_000n; spent += 3_000n) {
        const whole = { userId: shopper.userId, couponId: 0n, balanceCents: 3_000n };
        await shopper.as.order.placeOrder(other.request(whole));
      }
      return { balanceCents: 1_001n };
    },
    reason: Reason.BALANCE_NOT_ENOUGH,
  },
  {
    title: "when it is confirmed, as coupon and balance exceed its amount",
    prepare: async () => ({ balanceCents: ORDER_CENTS }),
    reason: Reason.OVERPAID,
  },
];

describe("an order that is refused", function () {
  this.timeout(60_000);
  let shop: Shop;
  before(async () => {
    shop = await startShop({ services: ["goods", "coupon", "user", "order"] });
  });
  after(() => shop?.stop());

  for (const { title, prepare, reason } of steps) {
    it(`${title}, is cancelled with ${reasonName(reason)} and releases everything`, async () => {
      const shopper = await newShopper(shop);
      const changes = await prepare(shop, shopper);
      const before = await shopper.possessions();
      const orders = await ordersOf(shopper);
      const request = shopper.request(changes);
      const { refusal } = await answerTo(shopper.as.order.placeOrder(request));
      assert.equal(reasonName(refusal?.reason ?? 0), reasonName(reason));

      const [order, ...others] = await ordersOf(shopper);
      assert.equal(others.length, orders.length);
      assert.equal(order?.orderStatus, OrderStatus.CANCELLED);
      assert.equal(order.cancelReason, CancelReason.PLACE_FAILED);
      assert.equal(order.failure?.reason, reason);
      await booksBalance(shop);
      assert.deepEqual(await shopper.possessions(), before);

      const again = await answerTo(shopper.as.order.placeOrder(request));
      assert.deepEqual(again.refusal, refusal);
      assert.equal((await ordersOf(shopper)).length, orders.length + 1);
    });
  }

  it("as its user does not exist, is cancelled and releases the stock", async () => {
    const shopper = await newShopper(shop);
    const request = shopper.request({ userId: 1n, couponId: 0n, balanceCents: 0n });
    const { refusal } = await answerTo(shop.admin.order.placeOrder(request));
    assert.equal(refusal?.reason, Reason.USER_NOT_FOUND);
    await booksBalance(shop);
    assert.deepEqual(await shopper.possessions(), possessed({ taken: false }));
  });

  it("leaves coupon and balance to the next order", async () => {
    const shopper = await newShopper(shop);
    const { refusal } = await answerTo(
      shopper.as.order.placeOrder(shopper.request({ balanceCents: ORDER_CENTS })),
    );
    assert.equal(refusal?.reason, Reason.OVERPAID);
    await booksBalance(shop);
    const { order } = await answerTo(shopper.as.order.placeOrder(shopper.request()));
    assert.equal(order?.orderStatus, OrderStatus.CONFIRMED);
    await booksBalance(shop);
    assert.deepEqual(await shopper.possessions(), possessed({ taken: true }));
    await assert.rejects(onlyOrder(shopper), "both orders are listed");
  });
});

async function ordersOf({ as, userId }: Shopper) {
  return (await as.order.listOrders({ userId })).orders;
}
