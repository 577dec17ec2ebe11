import { type Subscription, subscribe } from "#platform/events/subscriptions.ts";
import { EVENTS } from "#proto/events.ts";
import type { Parts } from "./use-cases/parts.ts";
import { releaseCoupons } from "./use-cases/release-coupons.ts";

export function subscriptions(parts: Parts): Subscription[] {
  return subscribe(EVENTS.order, "coupon", {
    "order.v1.cancelled": (deliveries) => releaseCoupons(parts, deliveries),
    "order.v1.refunded": (deliveries) => releaseCoupons(parts, deliveries),
  });
}
