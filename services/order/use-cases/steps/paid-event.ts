import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type NewEvent, newEvent } from "#platform/events/outbox.ts";
import { OrderPaidSchema } from "#proto/shop/event/v1/event_pb.ts";

/** The event that earns the user points. `paymentId` is 0n if coupon and balance paid it all. */
export function paidEvent(paid: {
  orderId: bigint;
  userId: bigint;
  paymentId: bigint;
  orderAmountCents: bigint;
  couponPaidCents: bigint;
  payTime: Date;
  traceparent: string;
}): NewEvent {
  const { orderId, userId, paymentId, orderAmountCents, couponPaidCents, traceparent } = paid;
  return newEvent("order.v1.paid", OrderPaidSchema, {
    message: {
      orderId,
      userId,
      paymentId,
      spentCents: orderAmountCents - couponPaidCents,
      payTime: timestampFromDate(paid.payTime),
    },
    orderId,
    consumers: ["user"],
    traceparent,
  });
}
