import assert from "node:assert/strict";
import type { Goods } from "#proto/shop/goods/v1/goods_pb.ts";
import type { Order } from "#proto/shop/order/v1/order_pb.ts";
import { PayStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import type { Payment } from "#proto/shop/pay/v1/pay_pb.ts";
import { SandboxRefusal } from "../../../simulators/sandbox/client.ts";
import type { Caller } from "../../../testbed/calls/callers.ts";
import { eventually } from "../../../testbed/eventually.ts";
import {
  amountOff,
  insertUsers,
  newCoupon,
  newGoods,
  newKey,
  placeRequest,
} from "../../../testbed/orders/fixtures.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

/** 2 x 7.00 and 1 x 11.00, shipping 10.00: 35.00, of which the coupon takes 5.00 and the balance 10.00. */
export const PRICES = [700n, 1_100n] as const;
export const PAY_CENTS = 2_000n;
export const BALANCE_CENTS = 1_000n;
const COUPON_CENTS = 500n;
const OPENING_BALANCE_CENTS = 10_000n;
/** One for each full 1.00 of the 30.00 that were spent; a refund takes back all but those of the shipping fee. */
const POINTS = 30n;
const POINTS_OF_THE_FEE = 10n;

/** An order with coupon and balance, and its open payment. */
export type Contest = { userId: bigint; as: Caller; order: Order; payment: Payment };

export type Arena = {
  shop: Shop;
  goodsIds: [bigint, bigint];
  /** A fresh shopper with an order that waits for its payment. */
  enter(): Promise<Contest>;
  /** The same, paid. */
  enterPaid(): Promise<Contest>;
  /** Pays at the platform: false where the platform refuses, because the payment was closed. */
  pay(contest: Contest): Promise<boolean>;
  read(contest: Contest): Promise<Order>;
  /** The order as soon as it holds. */
  when(contest: Contest, holds: (order: Order) => boolean): Promise<Order>;
  /** Fails unless the shopper has what an order in this state leaves, as soon as all of its events came. */
  settled(contest: Contest, left: Left): Promise<void>;
};

/** What the shopper has of what the order took: all of it, nothing but its points, or all and the points of the fee. */
type Left = "all" | "nothing" | "shipping fee's points";

/** A shop of its own for one race; `order` are settings of the order service. */
export async function openArena(order: Record<string, string> = {}): Promise<Arena> {
  const pay = { SHOP_PAYMENT_QUERY_MS: "600000", SHOP_REFUND_RETRY_MS: "100" };
  const shop = await startShop({ sandbox: true, gateway: true, envOf: { pay, order } });
  try {
    return await arenaOf(shop);
  } catch (error) {
    await shop.stop();
    throw error;
  }
}

async function arenaOf(shop: Shop): Promise<Arena> {
  const goods = await Promise.all(
    PRICES.map((unitPriceCents) => newGoods(shop, { unitPriceCents, stock: 100_000n })),
  );
  const [first, second] = goods;
  assert.ok(first && second);
  const read = async ({ order: { orderId } }: Contest) => {
    const { order } = await shop.admin.order.getOrder({ orderId });
    assert.ok(order);
    return order;
  };
  const when: Arena["when"] = (contest, holds) =>
    eventually(
      async () => {
        const order = await read(contest);
        const { orderId, orderStatus, payStatus, refunds } = order;
        assert.ok(
          holds(order),
          `order ${orderId} is ${orderStatus} ${payStatus} with ${refunds.length} refunds`,
        );
        return order;
      },
      { withinMs: 60_000 },
    );
  const enter = () => enterArena(shop, [first, second]);
  const pay: Arena["pay"] = async ({ payment: { paymentId } }) => {
    try {
      await shop.sandbox.pay(paymentId);
      return true;
    } catch (error) {
      if (error instanceof SandboxRefusal) return false;
      throw error;
    }
  };
  return {
    shop,
    goodsIds: [first.goodsId, second.goodsId],
    enter,
    async enterPaid() {
      const contest = await enter();
      assert.equal(await pay(contest), true);
      const order = await when(contest, ({ payStatus }) => payStatus === PayStatus.PAID);
      return { ...contest, order };
    },
    pay,
    read,
    when,
    settled: ({ userId }, left) => hasLeft(shop, userId, left),
  };
}

async function enterArena(shop: Shop, [first, second]: [Goods, Goods]): Promise<Contest> {
  const [userId = 0n] = await insertUsers(shop, 1);
  const topUp = { requestId: newKey(), userId, amountCents: OPENING_BALANCE_CENTS };
  const [{ couponId }] = await Promise.all([
    newCoupon(shop, userId, { discount: amountOff(COUPON_CENTS) }),
    shop.admin.user.topUpBalance(topUp),
  ]);
  const as = shop.user(userId);
  const lines: [Goods, bigint][] = [
    [first, 2n],
    [second, 1n],
  ];
  const request = placeRequest({ userId, lines }, { couponId, balanceCents: BALANCE_CENTS });
  const { order } = await as.order.placeOrder(request);
  assert.equal(order?.payAmountCents, PAY_CENTS);
  const { payment } = await as.pay.createPayment({
    orderId: order.orderId,
    provider: "sandbox",
    returnUrl: "http://localhost/thanks",
  });
  assert.ok(payment);
  return { userId, as, order, payment };
}

function hasLeft(shop: Shop, userId: bigint, left: Left): Promise<void> {
  const points = { all: 0n, nothing: POINTS, "shipping fee's points": POINTS_OF_THE_FEE };
  const spent = left === "nothing" ? BALANCE_CENTS : 0n;
  return eventually(async () => {
    const { user } = await shop.admin.user.getUser({ userId });
    assert.equal(user?.balanceCents, OPENING_BALANCE_CENTS - spent);
    assert.equal(user?.points, points[left]);
  });
}

/** No refund is under way. */
export const isThrough = ({ payStatus, refunds }: Order) =>
  payStatus !== PayStatus.REFUNDING &&
  refunds.every(({ status }) => status === RefundStatus.SUCCEEDED);

/** What the platform has for a payment: "closed", or "paid" and how much of it it gave back. */
export async function ledgerOf(shop: Shop): Promise<Map<string, string>> {
  const { payments } = await shop.sandbox.state();
  return new Map(
    payments.map(({ paymentId, state, refundedCents }) => {
      return [paymentId, state === "paid" ? `paid, ${refundedCents} back` : state];
    }),
  );
}
