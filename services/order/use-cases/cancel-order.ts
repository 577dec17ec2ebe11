import { Reason, Refusal } from "#platform/values/refusal.ts";
import { OrderStatus, possibleHolders } from "../domain/order.ts";
import type { StoredOrder } from "../store/read-orders.ts";
import { getOrder } from "./get-order.ts";
import type { CallContext, WriteParts } from "./parts.ts";
import { cancelLocked } from "./steps/cancellation.ts";
import { checkOrderId, lockOrder } from "./steps/find-order.ts";

/** Cancels a confirmed order that is not paid. Idempotent. */
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
        consumers: [...possibleHolders(order), "pay"],
        by: { actor: call.actor, cause: "CancelOrder" },
        traceparent: call.traceparent,
      },
    ]);
  });
  return getOrder(parts, orderId, call);
}
