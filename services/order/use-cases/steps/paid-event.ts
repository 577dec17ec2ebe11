import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { KeptSettings } from "../../domain/order.ts";
import type { OrderEvent } from "../parts.ts";

/** The event that earns the user points. `paymentId` is 0n if coupon and balance paid it all. */
export function paidEvent(
  paid: KeptSettings & {
    orderId: bigint;
    userId: bigint;
    paymentId: bigint;
    orderAmountCents: bigint;
    couponPaidCents: bigint;
    payTime: Date;
    traceparent: string;
  },
): OrderEvent {
  const { orderId, userId, paymentId, orderAmountCents, couponPaidCents, traceparent } = paid;
  return {
    fact: "order.v1.paid",
    message: {
      orderId,
      userId,
      paymentId,
      spentCents: orderAmountCents - couponPaidCents,
      payTime: timestampFromDate(paid.payTime),
      ...keptFields(paid),
    },
    aggregateId: orderId,
    traceparent,
  };
}

/** The settings that the order was placed with, as events have them: unset where it has none. */
export function keptFields({ currencyCode, pointsPerUnit }: KeptSettings) {
  return {
    currencyCode: currencyCode === "" ? undefined : currencyCode,
    pointsPerUnit: pointsPerUnit ?? undefined,
  };
}
