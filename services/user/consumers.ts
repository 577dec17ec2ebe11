import { type Subscription, subscribe } from "#platform/events/subscriptions.ts";
import { EVENTS } from "#proto/events.ts";
import { awardPoints } from "./use-cases/award-points.ts";
import type { Parts } from "./use-cases/parts.ts";
import { refundBalance } from "./use-cases/refund-balance.ts";
import { releaseBalance } from "./use-cases/release-balance.ts";

export function subscriptions(parts: Parts): Subscription[] {
  return subscribe(EVENTS.order, "user", {
    "order.v1.cancelled": (deliveries) => releaseBalance(parts, deliveries),
    "order.v1.paid": (deliveries) => awardPoints(parts, deliveries),
    "order.v1.refunded": (deliveries) => refundBalance(parts, deliveries),
  });
}
