import assert from "node:assert/strict";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { Reason } from "#platform/values/refusal.ts";
import { type Order, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { outcome, refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import {
  amountOff,
  newCoupon,
  newGoods,
  newShopper,
  type PlaceRequest,
  percentOff,
  placeRequest,
  type Shopper,
} from "../../../testbed/orders/fixtures.ts";
import { quiet } from "../../../testbed/orders/snapshot.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

type Discount = ReturnType<typeof amountOff> | ReturnType<typeof percentOff>;

const MAX_CENTS = 2n ** 53n - 1n;

describe("amounts of an order", function () {
  this.timeout(startMs);
  let shop: Shop;
  before(async () => {
    shop = await sharedShop();
  });

  /** A request for one unit of new goods at this price. */
  const forGoodsOf = async (
    cents: bigint,
    shopper: Shopper,
    fields: Partial<PlaceRequest> = {},
  ) => {
    const goods = await newGoods(shop, { unitPriceCents: cents });
    return placeRequest({ userId: shopper.userId, lines: [[goods, 1n]] }, fields);
  };
  const place = async (shopper: Shopper, request: PlaceRequest): Promise<Order> => {
    const { order } = await shopper.calls.order.placeOrder(request);
    assert.ok(order);
    return order;
  };

  describe("shipping", () => {
    for (const [cents, feeCents] of [
      [9_999n, 1_000n],
      [10_000n, 0n],
      [10_001n, 0n],
    ] as const) {
      it(`costs ${feeCents} cents for goods of ${cents}; any other fee is refused`, async () => {
        const shopper = await newShopper(shop);
        const request = await forGoodsOf(cents, shopper);
        for (const wrong of [feeCents === 0n ? 1_000n : 0n, feeCents + 1n]) {
          const other = { ...request, shippingFeeCents: wrong, orderAmountCents: cents + wrong };
          await refused(shopper.calls.order.placeOrder(other), Reason.SHIPPING_FEE_INVALID);
        }
        const right = { shippingFeeCents: feeCents, orderAmountCents: cents + feeCents };
        const order = await place(shopper, { ...request, ...right });
        assert.equal(order.goodsAmountCents, cents);
        assert.equal(order.shippingFeeCents, feeCents);
        assert.equal(order.orderAmountCents, cents + feeCents);
        assert.equal(order.payAmountCents, cents + feeCents);
      });
    }

    it("depends on the goods amount before the coupon", async () => {
      const shopper = await newShopper(shop);
      const { couponId } = await newCoupon(shop, shopper.userId, { discount: percentOff(10_000) });
      const order = await place(shopper, await forGoodsOf(10_000n, shopper, { couponId }));
      assert.equal(order.shippingFeeCents, 0n);
      assert.equal(order.couponPaidCents, 10_000n);
      assert.equal(order.payStatus, PayStatus.PAID);
    });
  });

  describe("coupons", () => {
    const discounts: [what: string, goodsCents: bigint, Discount, takenCents: bigint][] = [
      ["a fixed amount", 2_000n, amountOff(700n), 700n],
      ["a fixed amount equal to the goods amount", 2_000n, amountOff(2_000n), 2_000n],
      ["the goods amount if the coupon is worth more", 2_000n, amountOff(5_000n), 2_000n],
      [
        "a fixed amount exactly at its minimum",
        2_000n,
        amountOff(700n, { minimumGoodsAmountCents: 2_000n }),
        700n,
      ],
      ["a percentage", 2_000n, percentOff(1_500), 300n],
      ["a percentage, rounded down to a cent", 333n, percentOff(1_500), 49n],
      ["nothing if the percentage is less than a cent", 1n, percentOff(9_999), 0n],
      ["the whole goods amount at 100 %", 333n, percentOff(10_000), 333n],
      [
        "a percentage just below its maximum",
        2_000n,
        percentOff(1_500, { maximumOffCents: 301n }),
        300n,
      ],
      [
        "a percentage up to its maximum",
        2_000n,
        percentOff(1_500, { maximumOffCents: 299n }),
        299n,
      ],
      [
        "a percentage exactly at its minimum",
        2_000n,
        percentOff(1, { minimumGoodsAmountCents: 2_000n }),
        0n,
      ],
    ];
    for (const [what, goodsCents, discount, takenCents] of discounts) {
      it(`take off ${what}`, async () => {
        const shopper = await newShopper(shop);
        const { couponId } = await newCoupon(shop, shopper.userId, { discount });
        const order = await place(shopper, await forGoodsOf(goodsCents, shopper, { couponId }));
        assert.equal(order.couponId, couponId);
        assert.equal(order.couponPaidCents, takenCents);
        assert.equal(order.payAmountCents, order.orderAmountCents - takenCents);
        const { coupon } = await shopper.calls.coupon.getCoupon({ couponId });
        assert.equal(coupon?.orderId, order.orderId);
      });
    }

    it("are valid from their first moment on, and not before it", async () => {
      const shopper = await newShopper(shop);
      const validFrom = timestampFromMs(Date.now() + 500);
      const { couponId } = await newCoupon(shop, shopper.userId, { validFrom });
      const request = () => forGoodsOf(2_000n, shopper, { couponId });
      await refused(shopper.calls.order.placeOrder(await request()), Reason.COUPON_NOT_VALID_NOW);
      const order = await eventually(async () => place(shopper, await request()));
      assert.equal(order.couponPaidCents, 100n);
      assert.ok(order.confirmTime && timestampMs(order.confirmTime) >= timestampMs(validFrom));
    });

    it("are valid until their last moment, and not after it", async () => {
      const shopper = await newShopper(shop);
      const period = { validUntil: timestampFromMs(Date.now() + 1_000) };
      const coupons = await Promise.all([
        newCoupon(shop, shopper.userId, period),
        newCoupon(shop, shopper.userId, period),
      ]);
      const [first, second] = coupons.map(({ couponId }) => couponId);
      const request = (couponId = 0n) => forGoodsOf(2_000n, shopper, { couponId });
      assert.equal((await place(shopper, await request(first))).couponPaidCents, 100n);
      await eventually(() => assert.ok(Date.now() > timestampMs(period.validUntil)));
      const late = shopper.calls.order.placeOrder(await request(second));
      await refused(late, Reason.COUPON_NOT_VALID_NOW);
    });
  });

  describe("coupon and balance", () => {
    it("may cover the order exactly: it is paid at once and earns its points once", async () => {
      const shopper = await newShopper(shop, { balanceCents: 10_000n });
      const { couponId } = await newCoupon(shop, shopper.userId, { discount: amountOff(701n) });
      const spending = { couponId, balanceCents: 2_299n };
      const order = await place(shopper, await forGoodsOf(2_000n, shopper, spending));
      assert.equal(order.payAmountCents, 0n);
      assert.equal(order.balancePaidCents, 2_299n);
      assert.equal(order.payStatus, PayStatus.PAID);
      assert.ok(order.payTime);
      await quiet(shop);
      const { user } = await shopper.calls.user.getUser({});
      assert.equal(user?.balanceCents, 7_701n);
      // One point for each full 1.00 spent; what the coupon paid is not spent.
      assert.equal(user.points, 22n);
      const { entries } = await shopper.calls.user.listPointLog({});
      assert.deepEqual(
        entries.map(({ orderId, points }) => [orderId, points]),
        [[order.orderId, 22n]],
      );
      const events = await shop.sql("order", "select fact from outbox where order_id = ?", [
        order.orderId,
      ]);
      assert.deepEqual(events.map(({ fact }) => fact).sort(), [
        "order.v1.confirmed",
        "order.v1.paid",
      ]);
    });

    it("leave an order unpaid that they miss by a cent, and it earns no points", async () => {
      const shopper = await newShopper(shop, { balanceCents: 10_000n });
      const { couponId } = await newCoupon(shop, shopper.userId, { discount: amountOff(701n) });
      const spending = { couponId, balanceCents: 2_298n };
      const order = await place(shopper, await forGoodsOf(2_000n, shopper, spending));
      assert.equal(order.payAmountCents, 1n);
      assert.equal(order.payStatus, PayStatus.UNPAID);
      assert.equal(order.payTime, undefined);
      await quiet(shop);
      assert.equal((await shopper.calls.user.getUser({})).user?.points, 0n);
      const events = await shop.sql("order", "select fact from outbox where order_id = ?", [
        order.orderId,
      ]);
      assert.deepEqual(events, [{ fact: "order.v1.confirmed" }]);
    });

    it("may not exceed the order amount, and nothing is spent", async () => {
      const shopper = await newShopper(shop, { balanceCents: 10_000n });
      const { couponId } = await newCoupon(shop, shopper.userId, { discount: amountOff(701n) });
      const spending = { couponId, balanceCents: 2_300n };
      const request = await forGoodsOf(2_000n, shopper, spending);
      await refused(shopper.calls.order.placeOrder(request), Reason.OVERPAID);
      // Until the coupon is released, a quote would refuse it as used.
      await quiet(shop);
      await refused(shopper.calls.order.quoteOrder(request), Reason.OVERPAID);
      assert.equal((await shopper.calls.user.getUser({})).user?.balanceCents, 10_000n);
      const { coupon } = await shopper.calls.coupon.getCoupon({ couponId });
      assert.equal(coupon?.orderId, 0n);
    });
  });

  describe("around 2^53 - 1 cents", () => {
    it("are quoted, placed, paid and returned exactly at the limit", async () => {
      const shopper = await newShopper(shop, { balanceCents: MAX_CENTS });
      const request = await forGoodsOf(MAX_CENTS, shopper, { balanceCents: MAX_CENTS });
      assert.equal(request.orderAmountCents, MAX_CENTS);
      const quote = await shopper.calls.order.quoteOrder(request);
      assert.equal(quote.orderAmountCents, MAX_CENTS);
      const order = await place(shopper, request);
      assert.equal(order.goodsAmountCents, MAX_CENTS);
      assert.equal(order.balancePaidCents, MAX_CENTS);
      assert.equal(order.payAmountCents, 0n);
      await eventually(async () => {
        const { user } = await shopper.calls.user.getUser({});
        assert.equal(user?.points, MAX_CENTS / 100n);
      });
    });

    it("are refused above the limit, and never rounded", async () => {
      const shopper = await newShopper(shop);
      const most = await newGoods(shop, { unitPriceCents: MAX_CENTS, stock: 1_000_000n });
      const cent = await newGoods(shop, { unitPriceCents: 1n });
      const lines = (...items: [goods: typeof most, quantity: bigint][]) =>
        placeRequest({ userId: shopper.userId, lines: items });
      const tooMuch = [
        lines([most, 1n], [cent, 1n]),
        lines([most, 1n], [cent, 2n]),
        lines([most, 2n]),
        // More than int64 holds, which must not wrap around to a small amount.
        lines([most, 1_000_000n], [cent, 1n]),
      ];
      for (const request of tooMuch) {
        for (const claimed of [0n, MAX_CENTS, 2n ** 53n, 2n ** 53n + 2n, 2n ** 63n - 1n]) {
          const other = { ...request, orderAmountCents: claimed };
          const answer = await outcome(shopper.calls.order.placeOrder(other));
          assert.equal(answer, "INVALID_ARGUMENT", `${claimed} for ${request.lines.length} lines`);
        }
        await refused(shopper.calls.order.quoteOrder(request), Reason.INVALID_ARGUMENT);
      }
      const saved = await shop.sql("order", "select 1 from orders where user_id = ?", [
        shopper.userId,
      ]);
      assert.deepEqual(saved, []);
    });
  });
});
