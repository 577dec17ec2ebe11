import { type Subscription, subscription } from "#platform/events/consumers.ts";
import { OrderCancelledSchema, OrderRefundedSchema } from "#proto/shop/event/v1/event_pb.ts";
import type { Parts } from "./use-cases/parts.ts";
import { releaseStock } from "./use-cases/release-stock.ts";
import { returnStock } from "./use-cases/return-stock.ts";

export function subscriptions(parts: Parts): Subscription[] {
  return [
    subscription({
      fact: "order.v1.cancelled",
      schema: OrderCancelledSchema,
      handle: async (deliveries) => {
        const ours = deliveries.filter(({ message }) => message.holders.includes("goods"));
        if (ours.length > 0) await releaseStock(parts, ours);
      },
    }),
    subscription({
      fact: "order.v1.refunded",
      schema: OrderRefundedSchema,
      handle: (deliveries) => returnStock(parts, deliveries),
    }),
  ];
}
