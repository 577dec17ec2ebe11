import { Reason, Refusal } from "#platform/values/refusal.ts";
import { CancelReason, OrderStatus, possibleHolders } from "../domain/order.ts";
import type { StoredOrder } from "../store/read-orders.ts";
import { getOrder } from "./get-order.ts";
import type { CallContext, WriteParts } from "./parts.ts";
import { cancelLocked } from "./steps/cancellation.ts";
import { checkOrderId, lockOrder } from "./steps/find-order.ts";

/** Cancels a confirmed order that is not paid, for its owner or an administrator. Idempotent. */
export async function cancelOrder(
  parts: WriteParts,
  orderId: bigint,
  call: CallContext,
): Promise<StoredOrder> {
  checkOrderId(orderId);
  await parts.database.transact("cancel-order", async (tx) => {
    const order = await lockOrder(tx, orderId, call);
    if (order.orderStatus === OrderStatus.CANCELLED) return;
    if (order.orderStatus === OrderStatus.PENDING) {
      throw new Refusal(Reason.REQUEST_IN_PROGRESS, { order_id: String(orderId) });
    }
    await cancelLocked(tx, parts, [
      {
        order,
        transition: "cancel",
        ...(call.ownerId === undefined && { reason: CancelReason.BY_ADMIN }),
        consumers: [...possibleHolders(order), "pay"],
        by: { actor: call.actor, cause: "CancelOrder" },
        traceparent: call.traceparent,
      },
    ]);
  });
  return getOrder(parts, orderId, call);
}
