import { type Subscription, subscribe } from "#platform/events/subscriptions.ts";
import { EVENTS } from "#proto/events.ts";
import type { Parts } from "./use-cases/parts.ts";
import { releaseStock } from "./use-cases/release-stock.ts";
import { returnStock } from "./use-cases/return-stock.ts";

export function subscriptions(parts: Parts): Subscription[] {
  return subscribe(EVENTS.order, "goods", {
    "order.v1.cancelled": (deliveries) => releaseStock(parts, deliveries),
    "order.v1.refunded": (deliveries) => returnStock(parts, deliveries),
  });
}
