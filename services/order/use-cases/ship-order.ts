import { Checks } from "#platform/values/checks.ts";
import { ShippingStatus } from "../domain/order.ts";
import { advance } from "../domain/order-state.ts";
import { MAX_TRACKING_NUMBER } from "../limits.ts";
import type { StoredOrder } from "../store/read-orders.ts";
import { getOrder } from "./get-order.ts";
import type { CallContext, Parts, WriteParts } from "./parts.ts";
import { advanceOrder } from "./steps/advance-order.ts";

const DAY_MS = 24 * 3_600_000;

/**
 * Ships a paid order, which keeps from now on when it completes without the shopper. Idempotent:
 * the same tracking number again returns the order unchanged.
 */
export async function shipOrder(
  parts: WriteParts & Pick<Parts, "rules">,
  { orderId, trackingNumber }: { orderId: bigint; trackingNumber: string },
  call: CallContext,
): Promise<StoredOrder> {
  const checks = new Checks();
  checks.identifier("order_id", orderId);
  checks.text("tracking_number", trackingNumber, { min: 1, max: MAX_TRACKING_NUMBER });
  checks.throwIfAny();
  const days = parts.rules.completeAfterDays;
  await advanceOrder(parts, orderId, call, {
    name: "ship-order",
    isDone: (order) =>
      order.shippingStatus === ShippingStatus.SHIPPED && order.trackingNumber === trackingNumber,
    apply: (order) =>
      advance(order, "ship", {
        shipTime: order.now,
        trackingNumber,
        completeAfter: days > 0 ? new Date(order.now.getTime() + days * DAY_MS) : null,
      }),
    cause: "ShipOrder",
    event: ({ userId }) => ({
      fact: "order.v1.shipped",
      message: { orderId, userId, trackingNumber },
      aggregateId: orderId,
      traceparent: call.traceparent,
    }),
  });
  return getOrder(parts, orderId, call);
}
