import { Reason, Refusal } from "#platform/values/refusal.ts";
import { OrderStatus, possibleHolders } from "../domain/order.ts";
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
    if (order.orderStatus === OrderStatus.CANCELLED) return;
    if (order.orderStatus === OrderStatus.PENDING) {
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
