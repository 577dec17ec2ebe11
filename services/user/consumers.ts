import { type Subscription, subscription } from "#platform/events/consumers.ts";
import {
  OrderCancelledSchema,
  OrderPaidSchema,
  OrderRefundedSchema,
} from "#proto/shop/event/v1/event_pb.ts";
import { awardPoints } from "./use-cases/award-points.ts";
import type { Parts } from "./use-cases/parts.ts";
import { refundBalance } from "./use-cases/refund-balance.ts";
import { releaseBalance } from "./use-cases/release-balance.ts";

export function subscriptions(parts: Parts): Subscription[] {
  return [
    subscription({
      fact: "order.v1.cancelled",
      schema: OrderCancelledSchema,
      handle: async (deliveries) => {
        const ours = deliveries.filter(({ message }) => message.holders.includes("user"));
        if (ours.length > 0) await releaseBalance(parts, ours);
      },
    }),
    subscription({
      fact: "order.v1.paid",
      schema: OrderPaidSchema,
      handle: (deliveries) => awardPoints(parts, deliveries),
    }),
    subscription({
      fact: "order.v1.refunded",
      schema: OrderRefundedSchema,
      handle: (deliveries) => refundBalance(parts, deliveries),
    }),
  ];
}
