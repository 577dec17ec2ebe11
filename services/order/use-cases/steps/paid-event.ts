import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { OrderEvent } from "../parts.ts";

/** The event that earns the user points. `paymentId` is 0n if coupon and balance paid it all. */
export function paidEvent(paid: {
  orderId: bigint;
  userId: bigint;
  paymentId: bigint;
  orderAmountCents: bigint;
  couponPaidCents: bigint;
  payTime: Date;
  traceparent: string;
}): OrderEvent {
  const { orderId, userId, paymentId, orderAmountCents, couponPaidCents, traceparent } = paid;
  return {
    fact: "order.v1.paid",
    message: {
      orderId,
      userId,
      paymentId,
      spentCents: orderAmountCents - couponPaidCents,
      payTime: timestampFromDate(paid.payTime),
    },
    aggregateId: orderId,
    traceparent,
  };
}
