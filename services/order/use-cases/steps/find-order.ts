import type { Database, Transaction } from "#platform/db/database.ts";
import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { type LockedOrder, lockOrders } from "../../store/lock-orders.ts";
import { readOwner } from "../../store/read-orders.ts";
import type { CallContext } from "../parts.ts";

export function checkOrderId(orderId: bigint): void {
  const checks = new Checks();
  checks.identifier("order_id", orderId);
  checks.throwIfAny();
}

/** Also the answer for another user's order, so that a caller cannot find out which ids exist. */
export function orderNotFound(orderId: bigint): Refusal {
  return new Refusal(Reason.ORDER_NOT_FOUND, { order_id: String(orderId) });
}

/** Refuses with ORDER_NOT_FOUND unless the caller may see the order. */
export async function checkOwner(
  database: Database,
  orderId: bigint,
  { ownerId }: Pick<CallContext, "ownerId">,
): Promise<void> {
  checkOrderId(orderId);
  const userId = await readOwner(database, orderId);
  if (userId === undefined || (ownerId !== undefined && userId !== ownerId)) {
    throw orderNotFound(orderId);
  }
}

/** Locks one order of the caller. Refuses with ORDER_NOT_FOUND. */
export async function lockOrder(
  tx: Transaction,
  orderId: bigint,
  { ownerId }: Pick<CallContext, "ownerId">,
): Promise<LockedOrder> {
  const order = (await lockOrders(tx, [orderId])).get(orderId);
  if (!order || (ownerId !== undefined && order.userId !== ownerId)) throw orderNotFound(orderId);
  return order;
}
