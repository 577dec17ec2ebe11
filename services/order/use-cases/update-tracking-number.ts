import { Checks } from "#platform/values/checks.ts";
import { ShippingStatus } from "../domain/order.ts";
import { advance } from "../domain/order-state.ts";
import { MAX_TRACKING_NUMBER } from "../limits.ts";
import type { StoredOrder } from "../store/read-orders.ts";
import { getOrder } from "./get-order.ts";
import type { CallContext, WriteParts } from "./parts.ts";
import { advanceOrder } from "./steps/advance-order.ts";

/** Corrects the tracking number of a shipped order. Idempotent. */
export async function updateTrackingNumber(
  parts: WriteParts,
  { orderId, trackingNumber }: { orderId: bigint; trackingNumber: string },
  call: CallContext,
): Promise<StoredOrder> {
  const checks = new Checks();
  checks.identifier("order_id", orderId);
  checks.text("tracking_number", trackingNumber, { min: 1, max: MAX_TRACKING_NUMBER });
  checks.throwIfAny();
  await advanceOrder(parts, orderId, call, {
    name: "update-tracking-number",
    isDone: (order) =>
      order.shippingStatus !== ShippingStatus.NOT_SHIPPED &&
      order.trackingNumber === trackingNumber,
    apply: (order) => advance(order, "updateTracking", { trackingNumber }),
    cause: "UpdateTrackingNumber",
    event: ({ userId }) => ({
      fact: "order.v1.shipped",
      message: { orderId, userId, trackingNumber },
      aggregateId: orderId,
      traceparent: call.traceparent,
    }),
  });
  return getOrder(parts, orderId, call);
}
