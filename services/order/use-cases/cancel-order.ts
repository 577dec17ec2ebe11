import { Reason, Refusal } from "#platform/values/refusal.ts";
import { ORDER_STATUS, possibleHolders } from "../domain/order.ts";
import type { StoredOrder } from "../store/entities.ts";
import { lockOrders } from "../store/lock-orders.ts";
import { cancelLocked } from "./cancellation.ts";
import { checkOrderId, getOrder, orderNotFound } from "./get-order.ts";
import type { Asking, Parts } from "./parts.ts";

/** Cancels a confirmed order that is not paid; one that is cancelled already is answered as it is. */
export async function cancelOrder(
  parts: Parts,
  orderId: bigint,
  asking: Asking,
): Promise<StoredOrder> {
  checkOrderId(orderId);
  await parts.database.transact("cancel-order", async (tx) => {
    const order = (await lockOrders(tx, [orderId])).get(orderId);
    if (!order || (asking.ownerId !== undefined && order.userId !== asking.ownerId)) {
      throw orderNotFound(orderId);
    }
    if (order.orderStatus === ORDER_STATUS.CANCELLED) return;
    if (order.orderStatus === ORDER_STATUS.PENDING) {
      throw new Refusal(Reason.REQUEST_IN_PROGRESS, { order_id: String(orderId) });
    }
    await cancelLocked(tx, parts, [
      {
        order,
        change: "cancel",
        holders: [...possibleHolders(order), "pay"],
        by: { actor: asking.actor, cause: "CancelOrder" },
        traceparent: asking.traceparent,
      },
    ]);
  });
  return getOrder(parts, orderId, asking);
}
