import { ShippingStatus } from "../domain/order.ts";
import { advance } from "../domain/order-state.ts";
import type { StoredOrder } from "../store/read-orders.ts";
import { getOrder } from "./get-order.ts";
import type { CallContext, WriteParts } from "./parts.ts";
import { advanceOrder } from "./steps/advance-order.ts";
import { checkOrderId } from "./steps/find-order.ts";

/** Completes a shipped order whose goods have arrived. Idempotent. */
export async function confirmReceipt(
  parts: WriteParts,
  orderId: bigint,
  call: CallContext,
): Promise<StoredOrder> {
  checkOrderId(orderId);
  await advanceOrder(parts, orderId, call, {
    name: "confirm-receipt",
    isDone: (order) => order.shippingStatus === ShippingStatus.RECEIVED,
    apply: (order) => advance(order, "receive", { closeTime: order.now }),
    cause: "ConfirmReceipt",
    event: ({ userId }) => ({
      fact: "order.v1.completed",
      message: { orderId, userId },
      aggregateId: orderId,
      traceparent: call.traceparent,
    }),
  });
  return getOrder(parts, orderId, call);
}
