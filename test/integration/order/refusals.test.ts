import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { reasonName } from "#platform/values/refusal.ts";
import { ReasonSchema } from "#proto/shop/common/v1/error_pb.ts";
import { GoodsStatus } from "#proto/shop/goods/v1/goods_pb.ts";
import { PlaceOrderRequestSchema } from "#proto/shop/order/v1/order_pb.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { type RawClient, rawClient } from "../../../testbed/calls/raw-call.ts";
import { promisedStatuses } from "../../../testbed/calls/reasons.ts";
import {
  amountOff,
  newCoupon,
  newGoods,
  newId,
  newShopper,
  type PlaceRequest,
  placeRequest,
} from "../../../testbed/orders/fixtures.ts";
import { quiet, snapshot } from "../../../testbed/orders/snapshot.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

type World = Awaited<ReturnType<typeof newWorld>>;
/** A request that must be refused. It is sent without a token if `token` is undefined. */
type Refused = { request: PlaceRequest; token?: string | undefined };
type Case = { reason: string; when: string; prepare(world: World): Promise<Refused> | Refused };

/** A shopper with a balance of 100.00 and a coupon, and two goods at 5.00. */
async function newWorld(shop: Shop) {
  const shopper = await newShopper(shop, { balanceCents: 10_000n });
  const [goods, other] = [await newGoods(shop, { stock: 10n }), await newGoods(shop)];
  const coupon = await newCoupon(shop, shopper.userId);
  const own = await token("user", String(shopper.userId));
  const order = (fields: Partial<PlaceRequest> = {}, quantity = 2n) =>
    placeRequest(
      {
        userId: shopper.userId,
        lines: [
          [other, 1n],
          [goods, quantity],
        ],
      },
      fields,
    );
  /** Also redeems a coupon and spends balance, so that a refusal has something to release. */
  const spending = { couponId: coupon.couponId, balanceCents: 300n };
  const refused = (fields: Partial<PlaceRequest> = {}, quantity = 2n): Refused => {
    return { token: own, request: order({ ...spending, ...fields }, quantity) };
  };
  return { shop, ...shopper, goods, other, coupon, own, order, spending, refused };
}

const minutesAway = (minutes: number) => timestampFromMs(Date.now() + minutes * 60_000);
const withCoupon = async (w: World, fields: Parameters<typeof newCoupon>[2]) => {
  const { couponId } = await newCoupon(w.shop, w.userId, fields);
  return w.refused({ couponId });
};

const CASES: Case[] = [
  {
    reason: "INVALID_ARGUMENT",
    when: "there are no lines",
    prepare: (w) => w.refused({ lines: [] }),
  },
  {
    reason: "INVALID_ARGUMENT",
    when: "one of two lines has the quantity 0",
    prepare: (w) => w.refused({}, 0n),
  },
  {
    reason: "UNAUTHENTICATED",
    when: "the caller sends no token",
    prepare: (w) => ({ request: w.order(w.spending) }),
  },
  {
    reason: "REQUEST_ID_REUSED",
    when: "the key belongs to another order",
    prepare: async (w) => {
      const first = w.order();
      await w.calls.order.placeOrder(first);
      return w.refused({ requestId: first.requestId });
    },
  },
  {
    reason: "GOODS_NOT_FOUND",
    when: "one of the goods does not exist",
    prepare: (w) =>
      w.refused({
        lines: [
          ...w.order().lines.slice(0, 1),
          { goodsId: newId(), quantity: 2n, unitPriceCents: 500n },
        ],
      }),
  },
  {
    reason: "GOODS_NOT_ON_SALE",
    when: "one of the goods is off the shelf",
    prepare: async (w) => {
      const status = GoodsStatus.OFF_SHELF;
      await w.shop.admin.goods.updateGoods({ goodsId: w.goods.goodsId, status });
      return w.refused();
    },
  },
  {
    reason: "GOODS_PRICE_CHANGED",
    when: "a price has risen since",
    prepare: async (w) => {
      const { goodsId } = w.goods;
      await w.shop.admin.goods.updateGoods({ goodsId, unitPriceCents: 501n });
      return w.refused();
    },
  },
  {
    reason: "GOODS_PRICE_CHANGED",
    when: "a price has fallen since",
    prepare: async (w) => {
      const { goodsId } = w.goods;
      await w.shop.admin.goods.updateGoods({ goodsId, unitPriceCents: 499n });
      return w.refused();
    },
  },
  {
    reason: "STOCK_NOT_ENOUGH",
    when: "one unit more is ordered than is in stock",
    prepare: (w) => w.refused({}, 11n),
  },
  {
    reason: "COUPON_NOT_FOUND",
    when: "the coupon does not exist",
    prepare: (w) => w.refused({ couponId: newId() }),
  },
  {
    reason: "COUPON_NOT_FOUND",
    when: "the coupon is another shopper's",
    prepare: async (w) => {
      const stranger = await newShopper(w.shop);
      const { couponId } = await newCoupon(w.shop, stranger.userId);
      return w.refused({ couponId });
    },
  },
  {
    reason: "COUPON_ALREADY_USED",
    when: "another order has redeemed the coupon",
    prepare: async (w) => {
      await w.calls.order.placeOrder(w.order({ couponId: w.coupon.couponId }));
      return w.refused();
    },
  },
  {
    reason: "COUPON_REVOKED",
    when: "an administrator has revoked the coupon",
    prepare: async (w) => {
      const { couponId } = w.coupon;
      await w.shop.admin.coupon.revokeCoupon({ couponId });
      return w.refused();
    },
  },
  {
    reason: "COUPON_NOT_VALID_NOW",
    when: "the coupon is not valid yet",
    prepare: (w) => withCoupon(w, { validFrom: minutesAway(5) }),
  },
  {
    reason: "COUPON_NOT_VALID_NOW",
    when: "the coupon has expired",
    prepare: (w) => withCoupon(w, { validFrom: minutesAway(-10), validUntil: minutesAway(-5) }),
  },
  {
    reason: "COUPON_MINIMUM_NOT_MET",
    when: "the goods amount is a cent below the minimum",
    prepare: (w) =>
      withCoupon(w, { discount: amountOff(100n, { minimumGoodsAmountCents: 1_501n }) }),
  },
  {
    reason: "USER_NOT_FOUND",
    when: "the user of the token does not exist",
    prepare: async (w) => {
      const userId = newId();
      const { couponId: _, ...request } = w.order({ userId });
      return { request, token: await token("user", String(userId)) };
    },
  },
  {
    reason: "USER_NOT_FOUND",
    when: "the order is for another user",
    prepare: async (w) => {
      const stranger = await newShopper(w.shop);
      return { request: w.order(w.spending), token: await token("user", String(stranger.userId)) };
    },
  },
  {
    reason: "USER_NOT_FOUND",
    when: "an administrator orders for a user who does not exist",
    prepare: async (w) => {
      return { request: w.order({ userId: newId() }), token: await token("admin", "tester") };
    },
  },
  {
    reason: "BALANCE_NOT_ENOUGH",
    when: "the balance is a cent short",
    prepare: async (w) => {
      const poor = await newShopper(w.shop, { balanceCents: 299n });
      const { couponId } = await newCoupon(w.shop, poor.userId);
      const request = w.order({ userId: poor.userId, balanceCents: 300n, couponId });
      return { request, token: await token("user", String(poor.userId)) };
    },
  },
  {
    reason: "SHIPPING_FEE_INVALID",
    when: "the shipping fee is missing",
    prepare: (w) => w.refused({ shippingFeeCents: 0n, orderAmountCents: 1_500n }),
  },
  {
    reason: "ORDER_AMOUNT_INVALID",
    when: "the order amount is a cent too low",
    prepare: (w) => w.refused({ orderAmountCents: 2_499n }),
  },
  {
    reason: "OVERPAID",
    when: "the balance alone exceeds the order amount",
    prepare: (w) => w.refused({ couponId: 0n, balanceCents: 2_501n }),
  },
  {
    reason: "OVERPAID",
    when: "coupon and balance together exceed the order amount by a cent",
    prepare: (w) => w.refused({ balanceCents: 2_401n }),
  },
];

/** Reasons that PlaceOrder never answers, with why, or that another file covers. */
const ELSEWHERE: Record<string, string> = {
  UNSPECIFIED: "not a reason",
  PERMISSION_DENIED: "every caller with a token may place orders",
  RATE_LIMITED: "refusals-under-load.test.ts",
  DEPENDENCY_UNAVAILABLE: "refusals-under-load.test.ts",
  REQUEST_IN_PROGRESS: "refusals-under-load.test.ts",
  ORDER_CLOSED: "an order that recovery closed is refused with the reason of recovery",
  ETAG_MISMATCH: "for methods that update what the caller has read",
  TOKEN_EXPIRED: "for every method: test/integration/access/callers.test.ts",
  ORDER_NOT_FOUND: "for methods that name an order",
  ORDER_STATE_INVALID: "for methods that advance an order",
  USER_NAME_TAKEN: "for registration",
  PAYMENT_NOT_FOUND: "for payments",
  ORDER_ALREADY_PAID: "for payments",
  CALLBACK_SIGNATURE_INVALID: "for payments",
  CALLBACK_AMOUNT_MISMATCH: "for payments",
  PROVIDER_UNAVAILABLE: "for payments",
  PROVIDER_NOT_FOUND: "for payments",
};

describe("refusals of PlaceOrder", function () {
  this.timeout(startMs);
  const promised = promisedStatuses();
  let shop: Shop;
  let orders: RawClient;
  before(async () => {
    shop = await sharedShop();
    orders = rawClient(shop.addresses.order);
  });
  after(() => orders?.close());

  for (const { reason, when, prepare } of CASES) {
    it(`answers ${reason} if ${when}, without an effect`, async () => {
      const refused = await prepare(await newWorld(shop));
      await quiet(shop);
      const before = await snapshot(shop);
      const bytes = toBinary(
        PlaceOrderRequestSchema,
        create(PlaceOrderRequestSchema, refused.request),
      );
      const path = "/shop.order.v1.OrderService/PlaceOrder";
      const answer = await orders.unary(path, bytes, { token: refused.token });
      assert.equal(answer.refusal && reasonName(answer.refusal.reason), reason, answer.details);
      assert.equal(answer.code, promised.get(reason));
      await quiet(shop);
      assert.deepEqual(await snapshot(shop), before);
    });
  }

  it("cover every reason of the contract, or say why not", () => {
    const known = ReasonSchema.values.map(({ localName }) => localName);
    const shown = new Set([...CASES.map(({ reason }) => reason), ...Object.keys(ELSEWHERE)]);
    assert.deepEqual([...shown].sort(), [...known].sort());
    assert.deepEqual(
      [...promised.keys()].sort(),
      known.filter((name) => name !== "UNSPECIFIED").sort(),
    );
  });
});
