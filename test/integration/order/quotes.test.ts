import assert from "node:assert/strict";
import fc from "fast-check";
import { Reason } from "#platform/values/refusal.ts";
import { type Goods, GoodsStatus } from "#proto/shop/goods/v1/goods_pb.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import {
  ADDRESS,
  amountOff,
  newCoupon,
  newGoods,
  newId,
  newKey,
  newShopper,
  percentOff,
  type Shopper,
} from "../../../testbed/orders/fixtures.ts";
import { snapshot } from "../../../testbed/orders/snapshot.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

/** Prices around the limit of free shipping, and prices whose percentages are no whole cents. */
const PRICES = [1n, 7n, 99n, 333n, 1_999n, 4_999n, 5_001n, 9_999n, 10_000n, 123_456_789n];
const RUNS = 60;

const baskets = fc.record({
  lines: fc.uniqueArray(
    fc.record({ goods: fc.nat(PRICES.length - 1), quantity: fc.bigInt(1n, 9n) }),
    { minLength: 1, maxLength: 6, selector: ({ goods }) => goods },
  ),
  discount: fc.oneof(
    fc.constant(undefined),
    fc.bigInt(1n, 20_000n).map((cents) => amountOff(cents)),
    fc
      .tuple(fc.integer({ min: 1, max: 10_000 }), fc.bigInt(0n, 3_000n))
      .map(([points, maximumOffCents]) => percentOff(points, { maximumOffCents })),
  ),
  /** The share of the rest, after the coupon, that the balance pays, in percent. */
  fromBalance: fc.oneof(fc.constant(0n), fc.constant(100n), fc.bigInt(1n, 99n)),
});
type Basket = typeof baskets extends fc.Arbitrary<infer T> ? T : never;

describe("quotes", function () {
  this.timeout(startMs);
  let shop: Shop;
  let shopper: Shopper;
  let shelf: Goods[];
  before(async () => {
    shop = await sharedShop();
    shopper = await newShopper(shop, { balanceCents: 2n ** 50n });
    const stock = 1_000_000n;
    shelf = await Promise.all(
      PRICES.map((unitPriceCents) => newGoods(shop, { unitPriceCents, stock })),
    );
  });

  const quoteAndPlace = async (basket: Basket) => {
    const { userId, calls } = shopper;
    const { discount, fromBalance } = basket;
    const lines = basket.lines.map(({ goods, quantity }) => {
      return { goodsId: shelf[goods]?.goodsId ?? 0n, quantity };
    });
    const coupon = discount && (await newCoupon(shop, userId, { discount }));
    const couponId = coupon?.couponId ?? 0n;
    const first = await calls.order.quoteOrder({ lines, couponId });
    const balanceCents = (first.payAmountCents * fromBalance) / 100n;
    const quote = await calls.order.quoteOrder({ lines, couponId, balanceCents });
    const { order } = await calls.order.placeOrder({
      requestId: newKey(),
      lines: quote.lines,
      address: ADDRESS,
      shippingFeeCents: quote.shippingFeeCents,
      orderAmountCents: quote.orderAmountCents,
      couponId,
      balanceCents: quote.balancePaidCents,
    });
    assert.ok(order);
    return { basket, quote, order };
  };

  it(`equal what placing costs, for ${RUNS} random baskets`, async () => {
    await fc.assert(
      fc.asyncProperty(baskets, async (basket) => {
        const { quote, order } = await quoteAndPlace(basket);
        const wanted = basket.lines.map(({ goods, quantity }) => [quantity, PRICES[goods]]);
        const linesOf = ({ lines }: Pick<typeof order, "lines">) =>
          lines.map(({ quantity, unitPriceCents }) => [quantity, unitPriceCents]);
        assert.deepEqual(linesOf(quote), wanted);
        assert.deepEqual(linesOf(order), wanted);
        const amountsOf = (of: typeof quote | typeof order) => ({
          goods: of.goodsAmountCents,
          shipping: of.shippingFeeCents,
          order: of.orderAmountCents,
          coupon: of.couponPaidCents,
          balance: of.balancePaidCents,
          pay: of.payAmountCents,
        });
        const amounts = amountsOf(order);
        assert.deepEqual(amountsOf(quote), amounts);
        const goods = basket.lines.reduce(
          (sum, line) => sum + line.quantity * (PRICES[line.goods] ?? 0n),
          0n,
        );
        assert.equal(amounts.goods, goods);
        assert.equal(amounts.shipping, goods >= 10_000n ? 0n : 1_000n);
        assert.equal(amounts.order, goods + amounts.shipping);
        assert.equal(amounts.pay, amounts.order - amounts.coupon - amounts.balance);
        assert.ok(amounts.coupon >= 0n && amounts.coupon <= goods && amounts.pay >= 0n);
      }),
      { numRuns: RUNS },
    );
  });

  it("reserve nothing and spend nothing", async () => {
    const { couponId } = await newCoupon(shop, shopper.userId);
    const before = await snapshot(shop);
    const lines = [{ goodsId: shelf[0]?.goodsId ?? 0n, quantity: 5n }];
    const wish = { lines, couponId, balanceCents: 5n };
    assert.deepEqual(
      await shopper.calls.order.quoteOrder(wish),
      await shopper.calls.order.quoteOrder(wish),
    );
    assert.deepEqual(await snapshot(shop), before);
  });

  it("are refused with the reason that would refuse the order", async () => {
    const { calls, userId } = shopper;
    const [goods, hidden] = await Promise.all([newGoods(shop, { stock: 3n }), newGoods(shop)]);
    await shop.admin.goods.updateGoods({ goodsId: hidden.goodsId, status: GoodsStatus.OFF_SHELF });
    const stranger = await newShopper(shop);
    const [used, others, costly] = await Promise.all([
      newCoupon(shop, userId),
      newCoupon(shop, stranger.userId),
      newCoupon(shop, userId, { discount: amountOff(1n, { minimumGoodsAmountCents: 501n }) }),
    ]);
    const request = { lines: [{ goodsId: goods.goodsId, quantity: 1n, unitPriceCents: 500n }] };
    await calls.order.placeOrder({
      ...request,
      requestId: newKey(),
      address: ADDRESS,
      shippingFeeCents: 1_000n,
      orderAmountCents: 1_500n,
      couponId: used.couponId,
    });
    const quote = (fields: Parameters<typeof calls.order.quoteOrder>[0]) =>
      calls.order.quoteOrder({ ...request, ...fields });
    const { goodsId } = goods;
    await refused(quote({ lines: [{ goodsId, quantity: 3n }] }), Reason.STOCK_NOT_ENOUGH);
    await refused(quote({ lines: [{ goodsId: newId(), quantity: 1n }] }), Reason.GOODS_NOT_FOUND);
    const offShelf = [{ goodsId: hidden.goodsId, quantity: 1n }];
    await refused(quote({ lines: offShelf }), Reason.GOODS_NOT_ON_SALE);
    await refused(quote({ couponId: newId() }), Reason.COUPON_NOT_FOUND);
    await refused(quote({ couponId: others.couponId }), Reason.COUPON_NOT_FOUND);
    await refused(quote({ couponId: used.couponId }), Reason.COUPON_ALREADY_USED);
    await refused(quote({ couponId: costly.couponId }), Reason.COUPON_MINIMUM_NOT_MET);
    await refused(
      stranger.calls.order.quoteOrder({ ...request, balanceCents: 1n }),
      Reason.BALANCE_NOT_ENOUGH,
    );
    await refused(quote({ userId: stranger.userId }), Reason.USER_NOT_FOUND);
    await refused(
      shop.admin.order.quoteOrder({ ...request, userId: newId() }),
      Reason.USER_NOT_FOUND,
    );
    await refused(quote({ lines: [] }), Reason.INVALID_ARGUMENT);
  });
});
