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

/** 2 x 7.00, 1 x 11.00 and shipping 10.00 are 35.00; the coupon pays 5.00, the balance 10.00. */
const PRICES = [700n, 1_100n] as const;
export const PAY_CENTS = 2_000n;
export const BALANCE_CENTS = 1_000n;
const COUPON_CENTS = 500n;
const OPENING_BALANCE_CENTS = 10_000n;
/** One for each full 1.00 of the 30.00 spent. */
const POINTS = 30n;

/** An order of a new shopper, with coupon and balance, and its open payment. */
export type RaceOrder = { userId: bigint; as: Caller; order: Order; payment: Payment };

export type RaceShop = {
  shop: Shop;
  goodsIds: [bigint, bigint];
  /** An order that waits for its payment. */
  newOrder(): Promise<RaceOrder>;
  /** A paid order. */
  newPaidOrder(): Promise<RaceOrder>;
  /** Pays at the provider. Returns false if the provider refuses because the payment is closed. */
  pay(raceOrder: RaceOrder): Promise<boolean>;
  read(raceOrder: RaceOrder): Promise<Order>;
  /** Waits until the order satisfies `holds`, and returns it. */
  when(raceOrder: RaceOrder, holds: (order: Order) => boolean): Promise<Order>;
  /** Waits until the shopper has the balance and points that belong to this end of the order. */
  settled(raceOrder: RaceOrder, end: End): Promise<void>;
};

/** The ends of an order that differ in balance and points. */
type End = "cancelled" | "paid" | "refunded";

/** Starts a shop for one race. `order` are settings of the order service. */
export async function openRaceShop(order: Record<string, string> = {}): Promise<RaceShop> {
  const pay = { SHOP_PAYMENT_QUERY_MS: "600000", SHOP_REFUND_RETRY_MS: "100" };
  const shop = await startShop({ sandbox: true, gateway: true, envOf: { pay, order } });
  try {
    return await raceShopOf(shop);
  } catch (error) {
    await shop.stop();
    throw error;
  }
}

async function raceShopOf(shop: Shop): Promise<RaceShop> {
  const goods = await Promise.all(
    PRICES.map((unitPriceCents) => newGoods(shop, { unitPriceCents, stock: 100_000n })),
  );
  const [first, second] = goods;
  assert.ok(first && second);
  const read = async ({ order: { orderId } }: RaceOrder) => {
    const { order } = await shop.admin.order.getOrder({ orderId });
    assert.ok(order);
    return order;
  };
  const when: RaceShop["when"] = (raceOrder, holds) =>
    eventually(
      async () => {
        const order = await read(raceOrder);
        const { orderId, orderStatus, payStatus, refunds } = order;
        assert.ok(
          holds(order),
          `order ${orderId} is ${orderStatus} ${payStatus} with ${refunds.length} refunds`,
        );
        return order;
      },
      { withinMs: 60_000 },
    );
  const newOrder = () => placeUnpaid(shop, [first, second]);
  const pay: RaceShop["pay"] = async ({ payment: { paymentId } }) => {
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
    newOrder,
    async newPaidOrder() {
      const raceOrder = await newOrder();
      assert.equal(await pay(raceOrder), true);
      const order = await when(raceOrder, ({ payStatus }) => payStatus === PayStatus.PAID);
      return { ...raceOrder, order };
    },
    pay,
    read,
    when,
    settled: ({ userId }, end) => assertPossessions(shop, userId, end),
  };
}

async function placeUnpaid(shop: Shop, [first, second]: [Goods, Goods]): Promise<RaceOrder> {
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

function assertPossessions(shop: Shop, userId: bigint, end: End): Promise<void> {
  const points = { cancelled: 0n, paid: POINTS, refunded: 0n };
  const spent = end === "paid" ? BALANCE_CENTS : 0n;
  return eventually(async () => {
    const { user } = await shop.admin.user.getUser({ userId });
    assert.equal(user?.balanceCents, OPENING_BALANCE_CENTS - spent);
    assert.equal(user?.points, points[end]);
  });
}

export const hasNoRefundUnderWay = ({ payStatus, refunds }: Order) =>
  payStatus !== PayStatus.REFUNDING &&
  refunds.every(({ status }) => status === RefundStatus.SUCCEEDED);

/** The state of each payment at the provider: "closed", or "paid" with the refunded amount. */
export async function paymentsAtProvider(shop: Shop): Promise<Map<string, string>> {
  const { payments } = await shop.sandbox.state();
  return new Map(
    payments.map(({ paymentId, state, refundedCents }) => {
      return [paymentId, state === "paid" ? `paid, ${refundedCents} refunded` : state];
    }),
  );
}
