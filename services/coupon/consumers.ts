import { type Subscription, subscription } from "#platform/events/consumers.ts";
import { OrderCancelledSchema, OrderRefundedSchema } from "#proto/shop/event/v1/event_pb.ts";
import type { Parts } from "./use-cases/parts.ts";
import { releaseCoupons } from "./use-cases/release-coupons.ts";

export function subscriptions(parts: Parts): Subscription[] {
  return [
    subscription({
      fact: "order.v1.cancelled",
      schema: OrderCancelledSchema,
      handle: async (deliveries) => {
        const ours = deliveries.filter(({ message }) => message.holders.includes("coupon"));
        if (ours.length > 0) await releaseCoupons(parts, ours);
      },
    }),
    // A coupon counts for the order as a whole: it comes back with the last of its refunds.
    subscription({
      fact: "order.v1.refunded",
      schema: OrderRefundedSchema,
      handle: async (deliveries) => {
        const whole = deliveries.filter(({ message }) => message.whole);
        if (whole.length > 0) await releaseCoupons(parts, whole);
      },
    }),
  ];
}
