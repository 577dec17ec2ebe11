import { type Subscription, subscribe } from "#platform/events/subscriptions.ts";
import { EVENTS } from "#proto/events.ts";
import { closeCancelled } from "./use-cases/close-cancelled.ts";
import type { Parts } from "./use-cases/parts.ts";
import { requestRefunds } from "./use-cases/request-refunds.ts";

export function subscriptions(parts: Parts): Subscription[] {
  return subscribe(EVENTS.order, "pay", {
    "order.v1.cancelled": (deliveries) => closeCancelled(parts, deliveries),
    "order.v1.refund_requested": (deliveries) => requestRefunds(parts, deliveries),
  });
}
