import assert from "node:assert/strict";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Order, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { type EventPublisher, eventPublisher } from "../../../testbed/orders/events.ts";
import { newId } from "../../../testbed/orders/fixtures.ts";
import { newShopper, type Shopper } from "../../../testbed/orders/shoppers.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

/** 35.00 less 5.00 by coupon and 10.00 from the balance. */
export const PAY_CENTS = 2_000n;

/** Publishes payment events in place of the pay service, which the shop runs without. */
export type Payer = {
  shop: Shop;
  events: EventPublisher;
  /** A new shopper with an order that waits for its payment. */
  unpaidOrder(): Promise<{ shopper: Shopper; order: Order }>;
  paidOrder(): Promise<{ shopper: Shopper; order: Order; paymentId: bigint }>;
  /** Publishes that a payment succeeded, by default a new one. Returns its id. */
  pay(
    order: Order,
    payment?: { paymentId?: bigint; amountCents?: bigint; eventId?: bigint },
  ): Promise<bigint>;
  /** Publishes that refunds succeeded, by default all that the order has requested. */
  finishRefunds(order: Order, refundIds?: bigint[]): Promise<void>;
  read(order: Order): Promise<Order>;
  /** Waits until the order satisfies `holds`, and returns it. */
  when(order: Order, holds: (order: Order) => boolean): Promise<Order>;
  close(): Promise<void>;
};

export async function startPayer(shop: Shop): Promise<Payer> {
  const events = await eventPublisher(shop);
  const read = async ({ orderId }: Order) => {
    const { order } = await shop.admin.order.getOrder({ orderId });
    assert.ok(order);
    return order;
  };
  const when = (order: Order, holds: (order: Order) => boolean) =>
    eventually(async () => {
      const now = await read(order);
      assert.ok(holds(now), `order ${now.orderId} is ${now.orderStatus} ${now.payStatus}`);
      return now;
    });
  const pay: Payer["pay"] = async (order, payment = {}) => {
    const { paymentId = newId(), amountCents = order.payAmountCents, eventId } = payment;
    const { orderId, userId } = order;
    const payTime = timestampFromDate(new Date());
    const message = { paymentId, orderId, userId, amountCents, payTime };
    await events.publishMessage("pay.v1.succeeded", message, eventId);
    return paymentId;
  };
  const unpaidOrder = async () => {
    const shopper = await newShopper(shop);
    const { order } = await shopper.as.order.placeOrder(shopper.request());
    assert.equal(order?.payAmountCents, PAY_CENTS);
    return { shopper, order };
  };
  return {
    shop,
    events,
    unpaidOrder,
    async paidOrder() {
      const { shopper, order } = await unpaidOrder();
      const paymentId = await pay(order);
      const paid = await when(order, ({ payStatus }) => payStatus === PayStatus.PAID);
      return { shopper, order: paid, paymentId };
    },
    pay,
    async finishRefunds(order, refundIds) {
      const { refunds, orderId, userId } = await read(order);
      const ids = refundIds ?? refunds.map(({ refundId }) => refundId);
      for (const refundId of ids) {
        const message = { orderId, userId, refundId };
        await events.publishMessage("pay.v1.refunded", message);
      }
    },
    read,
    when,
    close: () => events.close(),
  };
}
