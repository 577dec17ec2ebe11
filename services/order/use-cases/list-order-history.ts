import type { OrderHistoryRow } from "../store/entities.ts";
import { readHistory } from "../store/read-orders.ts";
import { getOrder } from "./get-order.ts";
import type { CallContext, Parts } from "./parts.ts";

/** Returns every transition of an order, oldest first. Refuses with ORDER_NOT_FOUND. */
export async function listOrderHistory(
  parts: Pick<Parts, "database">,
  orderId: bigint,
  call: Pick<CallContext, "ownerId">,
): Promise<OrderHistoryRow[]> {
  await getOrder(parts, orderId, call);
  return readHistory(parts.database, orderId);
}
