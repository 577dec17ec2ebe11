import assert from "node:assert/strict";
import type { Order } from "#proto/shop/order/v1/order_pb.ts";
import { OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import {
  amountOff,
  newCoupon,
  newGoods,
  newKey,
  newShopper,
  percentOff,
  placeRequest,
  type Shopper,
} from "../../../testbed/orders/fixtures.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

type Wanted = { quantities: bigint[]; balanceCents?: bigint; percent?: number; off?: bigint };

/** An order in each state that the shop can bring it to. */
export type Everything = Record<
  "unpaid" | "paid" | "part" | "whole" | "byBalance" | "cancelled" | "refused" | "completed",
  Order
>;

/** Puts orders through everything that can happen to one, and waits until all of it is done. */
export async function liveThrough(shop: Shop): Promise<Everything> {
  const goods = await Promise.all(
    [333n, 1_999n, 450n].map((unitPriceCents) => newGoods(shop, { unitPriceCents, stock: 100n })),
  );
  const place = async (wanted: Wanted) => {
    const shopper = await newShopper(shop, { balanceCents: 50_000n });
    return { shopper, order: await placeFor(shop, shopper, { wanted, goods }) };
  };
  const paid = async (wanted: Wanted) => {
    const { order } = await place(wanted);
    return payFor(shop, order);
  };

  const [unpaid, paidOne, part, whole, byBalance, cancelled, completed] = await Promise.all([
    place({ quantities: [1n] }),
    paid({ quantities: [2n, 1n], off: 100n }),
    paid({ quantities: [2n, 1n, 3n], percent: 1_250, balanceCents: 700n }),
    paid({ quantities: [1n, 2n], off: 555n, balanceCents: 1_234n }),
    place({ quantities: [3n], balanceCents: 1_999n }),
    place({ quantities: [1n, 1n], off: 100n, balanceCents: 50n }),
    paid({ quantities: [0n, 0n, 2n] }),
  ]);
  const [first, second] = goods;
  assert.ok(first && second);
  await refund(shop, part, [{ goodsId: first.goodsId, quantity: 1n }]);
  await refund(shop, part, [{ goodsId: second.goodsId, quantity: 1n }]);
  await refund(shop, part, [], 120n);
  await refund(shop, whole, [], 150n);
  await refund(shop, whole, [{ goodsId: second.goodsId, quantity: 1n }]);
  await refund(shop, whole, []);
  await refund(shop, byBalance.order, []);
  await cancelled.shopper.calls.order.cancelOrder({ orderId: cancelled.order.orderId });
  await shop.admin.order.shipOrder({ orderId: completed.orderId, trackingNumber: "T 1" });
  await shop.user(completed.userId).order.confirmReceipt({ orderId: completed.orderId });

  const poor = await newShopper(shop);
  const tooMany = placeRequest({ userId: poor.userId, lines: [[first, 1_000n]] });
  await assert.rejects(poor.calls.order.placeOrder(tooMany));
  const [row] = await shop.sql<{ id: bigint }>(
    "order",
    "select order_id as id from orders where request_id = ?",
    [tooMany.requestId],
  );
  return {
    unpaid: unpaid.order,
    paid: paidOne,
    part,
    whole,
    byBalance: byBalance.order,
    cancelled: cancelled.order,
    refused: await orderNow(shop, row?.id ?? 0n),
    completed,
  };
}

async function placeFor(
  shop: Shop,
  { userId, calls }: Shopper,
  { wanted, goods }: { wanted: Wanted; goods: Awaited<ReturnType<typeof newGoods>>[] },
): Promise<Order> {
  const { quantities, balanceCents, percent, off } = wanted;
  const lines = goods.flatMap((one, index): [typeof one, bigint][] => {
    const quantity = quantities[index] ?? 0n;
    return quantity > 0n ? [[one, quantity]] : [];
  });
  const discount = percent ? percentOff(percent) : off ? amountOff(off) : undefined;
  const coupon = discount && (await newCoupon(shop, userId, { discount }));
  const request = placeRequest(
    { userId, lines },
    {
      ...(balanceCents && { balanceCents }),
      ...(coupon && { couponId: coupon.couponId }),
    },
  );
  const { order } = await calls.order.placeOrder(request);
  assert.ok(order);
  return order;
}

export async function payFor(shop: Shop, { orderId, userId }: Order): Promise<Order> {
  const { payment } = await shop.user(userId).pay.createPayment({
    orderId,
    provider: "sandbox",
    returnUrl: "http://localhost:3000/thanks",
  });
  assert.ok(payment);
  await shop.sandbox.pay(payment.paymentId);
  return eventually(async () => {
    const order = await orderNow(shop, orderId);
    assert.equal(order.payStatus, PayStatus.PAID);
    return order;
  });
}

/** Refunds these lines, or everything that is left, and waits until the money is back. */
export async function refund(
  shop: Shop,
  { orderId }: Order,
  lines: { goodsId: bigint; quantity: bigint }[],
  goodwillCents = 0n,
): Promise<void> {
  const requestId = newKey();
  await shop.admin.order.refundOrder({ requestId, orderId, lines, note: "test", goodwillCents });
  await eventually(async () => {
    const { payStatus, orderStatus } = await orderNow(shop, orderId);
    assert.notEqual(payStatus, PayStatus.REFUNDING);
    if (lines.length === 0 && goodwillCents === 0n) assert.equal(orderStatus, OrderStatus.REFUNDED);
  });
}

async function orderNow(shop: Shop, orderId: bigint): Promise<Order> {
  const { order } = await shop.admin.order.getOrder({ orderId });
  assert.ok(order);
  return order;
}
