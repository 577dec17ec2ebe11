import { Reason, Refusal } from "#platform/values/refusal.ts";
import { possibleHolders } from "../domain/order.ts";
import { CLOSE_BATCH } from "../limits.ts";
import { lockAbandoned, lockOverdue } from "../store/write-orders.ts";
import { cancelLocked } from "./cancellation.ts";
import type { Parts } from "./parts.ts";

type Closing = Pick<Parts, "database" | "outbox" | "changes" | "rules">;

/**
 * Cancels orders whose process stopped between two steps: pending for longer than any batch can take. Whoever may hold
 * something is told. Returns the orders that it cancelled, CLOSE_BATCH at most. Safe on every replica at once.
 */
export function recoverAbandoned(parts: Closing): Promise<bigint[]> {
  return parts.database.transact("recover-orders", async (tx) => {
    const seconds = parts.rules.abandonedAfterSeconds;
    const orders = await lockAbandoned(tx, { seconds, limit: CLOSE_BATCH });
    await cancelLocked(
      tx,
      parts,
      orders.map((order) => ({
        order,
        change: "abandon" as const,
        holders: possibleHolders(order),
        failure: new Refusal(Reason.DEPENDENCY_UNAVAILABLE, { service: "order" }),
        by: { actor: "service:order", cause: "recovery", detail: "placing it was not finished" },
      })),
    );
    return orders.map(({ orderId }) => orderId);
  });
}

/** Cancels confirmed orders that were not paid in time. Returns them, CLOSE_BATCH at most. */
export function expireOverdue(parts: Closing): Promise<bigint[]> {
  return parts.database.transact("expire-orders", async (tx) => {
    const orders = await lockOverdue(tx, { limit: CLOSE_BATCH });
    await cancelLocked(
      tx,
      parts,
      orders.map((order) => ({
        order,
        change: "expire" as const,
        holders: possibleHolders(order),
        by: { actor: "service:order", cause: "payment_deadline" },
      })),
    );
    return orders.map(({ orderId }) => orderId);
  });
}
