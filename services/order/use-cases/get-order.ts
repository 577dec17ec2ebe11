import type { StoredOrder } from "../store/read-orders.ts";
import { readOrders } from "../store/read-orders.ts";
import type { CallContext, Parts } from "./parts.ts";
import { checkOrderId, orderNotFound } from "./steps/find-order.ts";

/** Returns one order of the caller. Refuses with ORDER_NOT_FOUND. */
export async function getOrder(
  parts: Pick<Parts, "database">,
  orderId: bigint,
  { ownerId }: Pick<CallContext, "ownerId">,
): Promise<StoredOrder> {
  checkOrderId(orderId);
  const [order] = await readOrders(parts.database, { orderIds: [orderId], ownerId });
  if (!order) throw orderNotFound(orderId);
  return order;
}
