import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { OrderHistoryRow, StoredOrder } from "../store/entities.ts";
import { readHistory, readOrders } from "../store/read-orders.ts";
import type { Asking, Parts } from "./parts.ts";

type Reading = Pick<Parts, "database">;

/** One order; another user's is not found, like one that does not exist. */
export async function getOrder(
  parts: Reading,
  orderId: bigint,
  asking: Pick<Asking, "ownerId">,
): Promise<StoredOrder> {
  checkOrderId(orderId);
  const { ownerId } = asking;
  const [order] = await readOrders(parts.database, { orderIds: [orderId], ownerId });
  if (!order) throw orderNotFound(orderId);
  return order;
}

/** Every change of an order, oldest first. */
export async function listHistory(
  parts: Reading,
  orderId: bigint,
  asking: Pick<Asking, "ownerId">,
): Promise<OrderHistoryRow[]> {
  await getOrder(parts, orderId, asking);
  return readHistory(parts.database, orderId);
}

export function checkOrderId(orderId: bigint): void {
  const checks = new Checks();
  checks.identifier("order_id", orderId);
  checks.throwIfAny();
}

export function orderNotFound(orderId: bigint): Refusal {
  return new Refusal(Reason.ORDER_NOT_FOUND, { order_id: String(orderId) });
}
