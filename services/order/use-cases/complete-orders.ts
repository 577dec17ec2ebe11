import { advance, allows } from "../domain/order-state.ts";
import { CLOSE_BATCH } from "../limits.ts";
import { lockUnconfirmed } from "../store/lock-orders.ts";
import type { Parts } from "./parts.ts";
import { recordTransitions } from "./steps/transitions.ts";

/**
 * Completes shipped orders whose receipt the shopper did not confirm in time. The time is kept with
 * the order since it was shipped.
 *
 * Returns the ids of the completed orders, CLOSE_BATCH at most, and whether more may be waiting.
 * Replicas may run it at the same time.
 */
export function completeOrders(
  parts: Pick<Parts, "database" | "outbox" | "watch">,
): Promise<{ orderIds: bigint[]; more: boolean }> {
  return parts.database.transact("complete-orders", async (tx) => {
    const overdue = await lockUnconfirmed(tx, CLOSE_BATCH);
    const orders = overdue.filter((order) => allows(order, "receive"));
    await recordTransitions(
      tx,
      parts,
      orders.map((order) => ({
        order: advance(order, "receive", { closeTime: order.now }),
        by: { actor: "service:order", cause: "complete_after" },
      })),
    );
    await parts.outbox.add(
      tx,
      orders.map(({ orderId, userId }) => ({
        fact: "order.v1.completed" as const,
        message: { orderId, userId },
        aggregateId: orderId,
      })),
    );
    return {
      orderIds: orders.map(({ orderId }) => orderId),
      more: orders.length === CLOSE_BATCH,
    };
  });
}
