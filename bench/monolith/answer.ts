import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { OrderConfirmedSchema, OrderPaidSchema } from "#proto/shop/event/v1/event_pb.ts";
import {
  type OrderSchema,
  OrderStatus,
  PayStatus,
  ShippingStatus,
} from "#proto/shop/order/v1/order_pb.ts";
import type { OutboxEvent } from "./relay.ts";
import { type Decided, isPaid } from "./write-order.ts";

/** A confirmed order in the form of the shop's answer. */
export function orderMessage(
  order: Omit<Decided, "fingerprint" | "actor" | "traceparent">,
): MessageInitShape<typeof OrderSchema> {
  const now = timestampFromDate(order.now);
  const { consignee, mobile, text } = order.address;
  return {
    orderId: order.orderId,
    userId: order.userId,
    orderStatus: OrderStatus.CONFIRMED,
    payStatus: isPaid(order) ? PayStatus.PAID : PayStatus.UNPAID,
    shippingStatus: ShippingStatus.NOT_SHIPPED,
    lines: order.lines.map(({ goodsId, quantity, unitPriceCents }) => {
      return { goodsId, quantity, unitPriceCents };
    }),
    address: { consignee, mobile, text },
    goodsAmountCents: order.goodsAmountCents,
    shippingFeeCents: order.shippingFeeCents,
    orderAmountCents: order.orderAmountCents,
    couponId: order.couponId,
    couponPaidCents: order.couponPaidCents,
    balancePaidCents: order.balanceCents,
    payAmountCents: order.payAmountCents,
    createTime: now,
    confirmTime: now,
    ...(isPaid(order) && { payTime: now }),
    payDeadline: timestampFromDate(order.payDeadline),
  };
}

/** The events of a confirmed order: as many as the shop publishes. */
export function eventsOf(order: Decided, nextId: () => bigint): OutboxEvent[] {
  const { orderId, userId, payAmountCents } = order;
  const row = (fact: string, eventType: string, payload: Uint8Array): OutboxEvent => ({
    eventId: nextId(),
    fact,
    eventType,
    aggregateId: orderId,
    payload,
    traceparent: order.traceparent,
    consumers: "",
  });
  const confirmed = create(OrderConfirmedSchema, {
    orderId,
    userId,
    payAmountCents,
    payDeadline: timestampFromDate(order.payDeadline),
  });
  const events = [
    row(
      "order.v1.confirmed",
      OrderConfirmedSchema.typeName,
      toBinary(OrderConfirmedSchema, confirmed),
    ),
  ];
  if (!isPaid(order)) return events;
  const spentCents = order.orderAmountCents - order.couponPaidCents;
  const payTime = timestampFromDate(order.now);
  const paid = create(OrderPaidSchema, { orderId, userId, paymentId: 0n, spentCents, payTime });
  return [
    ...events,
    row("order.v1.paid", OrderPaidSchema.typeName, toBinary(OrderPaidSchema, paid)),
  ];
}
