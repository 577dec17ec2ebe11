import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Refusal } from "#platform/values/refusal.ts";
import { CouponStatus } from "#proto/shop/coupon/v1/coupon_pb.ts";
import type { Order } from "#proto/shop/order/v1/order_pb.ts";
import type { Caller, Callers } from "../calls/callers.ts";
import type { Shop } from "../shop/shop.ts";
import { insertUsers, type PlaceRequest as PlaceFields } from "./fixtures.ts";

/** A PlaceOrderRequest with every field set. */
export type PlaceRequest = Required<PlaceFields>;

/** A user with everything that an order can use, and with goods that no other test buys. */
export type Shopper = {
  userId: bigint;
  couponId: bigint;
  goodsIds: [bigint, bigint];
  /** The services with this user's token. */
  as: Caller;
  /**
   * An order of 2 x 7.00 and 1 x 11.00 with 10.00 shipping: 35.00, of which the coupon pays 5.00
   * and the balance 10.00.
   */
  request(changes?: Partial<PlaceRequest>): PlaceRequest;
  /** What the user and the stock have at this moment, as the services answer it. */
  possessions(): Promise<Possessions>;
};

export type Possessions = { stock: bigint[]; couponUsed: boolean; balance: bigint; points: bigint };

export const ORDER_CENTS = 3_500n;
const COUPON_CENTS = 500n;
/** The part of a shopper's order that the balance pays. */
export const BALANCE_CENTS = 1_000n;
/** The amount after the coupon: as `balanceCents` it leaves nothing to pay. */
export const ALL_CENTS = ORDER_CENTS - COUPON_CENTS;
const STOCK = 10n;
const OPENING_BALANCE_CENTS = 10_000n;

export async function newShopper(shop: Shop): Promise<Shopper> {
  const { admin } = shop;
  const [[userId = 0n], first, second] = await Promise.all([
    insertUsers(shop, 1),
    admin.goods.createGoods({ ...goods(), unitPriceCents: 700n }),
    admin.goods.createGoods({ ...goods(), unitPriceCents: 1_100n }),
  ]);
  assert.ok(first.goods && second.goods);
  const goodsIds: [bigint, bigint] = [first.goods.goodsId, second.goods.goodsId];
  const [{ coupon }] = await Promise.all([
    admin.coupon.issueCoupon({
      requestId: uniqueKey(),
      userId,
      discount: { kind: { case: "amountOffCents", value: COUPON_CENTS } },
    }),
    admin.user.topUpBalance({
      requestId: uniqueKey(),
      userId,
      amountCents: OPENING_BALANCE_CENTS,
    }),
  ]);
  assert.ok(coupon);
  const { couponId } = coupon;
  return {
    userId,
    couponId,
    goodsIds,
    as: shop.user(userId),
    request: (changes) => ({
      requestId: uniqueKey(),
      userId,
      lines: [
        { goodsId: goodsIds[0], quantity: 2n, unitPriceCents: 700n },
        { goodsId: goodsIds[1], quantity: 1n, unitPriceCents: 1_100n },
      ],
      address: { consignee: "Ada", mobile: "+49 30 1", text: "Somewhere 1\n10115 Berlin" },
      shippingFeeCents: 1_000n,
      orderAmountCents: ORDER_CENTS,
      couponId,
      balanceCents: BALANCE_CENTS,
      ...changes,
    }),
    possessions: () => possessions(shop, { userId, couponId, goodsIds }),
  };
}

async function possessions(
  { admin }: Callers,
  { userId, couponId, goodsIds }: Pick<Shopper, "userId" | "couponId" | "goodsIds">,
): Promise<Possessions> {
  const [{ user }, { coupon }, ...shelves] = await Promise.all([
    admin.user.getUser({ userId }),
    admin.coupon.getCoupon({ couponId }),
    ...goodsIds.map((goodsId) => admin.goods.getGoods({ goodsId })),
  ]);
  assert.ok(user && coupon);
  const stock = shelves.map(({ goods: found }) => found?.stock ?? -1n);
  const couponUsed = coupon.status === CouponStatus.USED;
  return { stock, couponUsed, balance: user.balanceCents, points: user.points };
}

/** The possessions of a shopper whose order was confirmed once, or of one without an order. */
export function possessed(order: { taken: boolean; balanceCents?: bigint }): Possessions {
  const { taken, balanceCents = BALANCE_CENTS } = order;
  const paid = taken && balanceCents === ALL_CENTS;
  return {
    stock: taken ? [STOCK - 2n, STOCK - 1n] : [STOCK, STOCK],
    couponUsed: taken,
    balance: OPENING_BALANCE_CENTS - (taken ? balanceCents : 0n),
    points: paid ? ALL_CENTS / 100n : 0n,
  };
}

export type Answer = { order?: Order; refusal?: Refusal };

/** The order or the refusal. Any other error, such as a lost connection, is thrown. */
export async function answerTo(placing: Promise<{ order?: Order | undefined }>): Promise<Answer> {
  try {
    const { order } = await placing;
    assert.ok(order);
    return { order };
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error };
    throw error;
  }
}

/** The only order of a shopper; fails when there is another. */
export async function onlyOrder(shopper: Shopper): Promise<Order> {
  const { orders } = await shopper.as.order.listOrders({ userId: shopper.userId });
  assert.equal(orders.length, 1);
  return orders[0] as Order;
}

export function uniqueKey(): string {
  return randomUUID();
}

function goods() {
  return { requestId: uniqueKey(), name: "Something", stock: STOCK };
}
