import { Reason, Refusal } from "#platform/values/refusal.ts";
import { possibleHolders } from "../domain/order.ts";
import { CLOSE_BATCH } from "../limits.ts";
import { lockAbandoned } from "../store/lock-orders.ts";
import type { Parts } from "./parts.ts";
import { cancelLocked } from "./steps/cancellation.ts";

/**
 * Cancels orders whose process stopped between two steps: those that are pending for longer than a
 * batch can take. Every service that may hold something for such an order releases it.
 *
 * Returns the ids of the cancelled orders, CLOSE_BATCH at most, and whether more may be waiting.
 * Replicas may run it at the same time.
 */
export function recoverOrders(
  parts: Pick<Parts, "database" | "outbox" | "watch" | "rules">,
): Promise<{ orderIds: bigint[]; more: boolean }> {
  return parts.database.transact("recover-orders", async (tx) => {
    const seconds = parts.rules.abandonedAfterSeconds;
    const orders = await lockAbandoned(tx, { seconds, limit: CLOSE_BATCH });
    await cancelLocked(
      tx,
      parts,
      orders.map((order) => ({
        order,
        transition: "abandon" as const,
        consumers: possibleHolders(order),
        failure: new Refusal(Reason.DEPENDENCY_UNAVAILABLE, { service: "order" }),
        by: { actor: "service:order", cause: "recovery", detail: "placing it was not finished" },
      })),
    );
    return {
      orderIds: orders.map(({ orderId }) => orderId),
      more: orders.length === CLOSE_BATCH,
    };
  });
}
