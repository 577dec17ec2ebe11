import { type Subscription, subscription } from "#platform/events/consumers.ts";
import { OrderCancelledSchema, OrderRefundRequestedSchema } from "#proto/shop/event/v1/event_pb.ts";
import { closeCancelled } from "./use-cases/close-payments.ts";
import type { Parts } from "./use-cases/parts.ts";
import { requestRefunds } from "./use-cases/request-refunds.ts";

export function subscriptions(parts: Parts): Subscription[] {
  return [
    subscription({
      fact: "order.v1.cancelled",
      schema: OrderCancelledSchema,
      handle: async (deliveries) => {
        const ours = deliveries.filter(({ message }) => message.holders.includes("pay"));
        if (ours.length > 0) await closeCancelled(parts, ours);
      },
    }),
    subscription({
      fact: "order.v1.refund_requested",
      schema: OrderRefundRequestedSchema,
      handle: (deliveries) => requestRefunds(parts, deliveries),
    }),
  ];
}
