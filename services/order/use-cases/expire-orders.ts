import { possibleHolders } from "../domain/order.ts";
import { allows } from "../domain/order-state.ts";
import { CLOSE_BATCH, CLOSE_TIMEOUT_MS, EXPIRY_RETRY_SECONDS } from "../limits.ts";
import { claimOverdue, lockOrders } from "../store/lock-orders.ts";
import type { Parts } from "./parts.ts";
import { cancelLocked } from "./steps/cancellation.ts";

/**
 * Cancels confirmed orders past their payment deadline. Pay first closes their payments at the
 * provider: an order that turns out to be paid there stays, and one whose provider does not answer
 * is tried again after EXPIRY_RETRY_SECONDS.
 *
 * Returns the ids of the cancelled orders, CLOSE_BATCH at most, and whether more may be waiting.
 * Replicas may run it at the same time.
 */
export async function expireOrders(
  parts: Pick<Parts, "database" | "outbox" | "watch" | "pay">,
): Promise<{ orderIds: bigint[]; more: boolean }> {
  const overdue = await parts.database.transact("claim-overdue", (tx) =>
    claimOverdue(tx, { limit: CLOSE_BATCH, seconds: EXPIRY_RETRY_SECONDS }),
  );
  if (overdue.length === 0) return { orderIds: [], more: false };
  const deadlineMs = Date.now() + CLOSE_TIMEOUT_MS;
  const outcomes = await parts.pay.closePayments(overdue, { deadlineMs });
  const closed = overdue.filter((orderId) => outcomes.get(orderId) === "closed");
  const cancelled = await parts.database.transact("expire-orders", async (tx) => {
    const locked = [...(await lockOrders(tx, closed)).values()];
    const orders = locked.filter((order) => allows(order, "expire"));
    await cancelLocked(
      tx,
      parts,
      orders.map((order) => ({
        order,
        transition: "expire" as const,
        consumers: possibleHolders(order),
        by: { actor: "service:order", cause: "payment_deadline" },
      })),
    );
    return orders.map(({ orderId }) => orderId);
  });
  return { orderIds: cancelled, more: overdue.length === CLOSE_BATCH };
}
