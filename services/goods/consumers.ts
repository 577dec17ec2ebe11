import type { Database } from "#platform/db/database.ts";
import type { Identifiers } from "#platform/db/identifiers.ts";
import { type Subscription, subscription } from "#platform/events/consumers.ts";
import { OrderCancelledSchema } from "#proto/shop/event/v1/event_pb.ts";
import { releaseStock } from "./use-cases/release-stock.ts";

export function subscriptions(parts: {
  database: Database;
  identifiers: Identifiers;
}): Subscription[] {
  return [
    subscription({
      fact: "order.v1.cancelled",
      schema: OrderCancelledSchema,
      handle: async (deliveries) => {
        const ours = deliveries.filter(({ message }) => message.holders.includes("goods"));
        if (ours.length > 0) await releaseStock(parts, ours);
      },
    }),
  ];
}
