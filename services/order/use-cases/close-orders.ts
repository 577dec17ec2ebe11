import { Reason, Refusal } from "#platform/values/refusal.ts";
import { possibleHolders } from "../domain/order.ts";
import { allows } from "../domain/order-state.ts";
import { CLOSE_BATCH, CLOSE_TIMEOUT_MS, EXPIRY_RETRY_SECONDS } from "../limits.ts";
import { claimOverdue, lockAbandoned, lockOrders } from "../store/lock-orders.ts";
import { cancelLocked } from "./cancellation.ts";
import type { Parts } from "./parts.ts";

type Closing = Pick<Parts, "database" | "outbox" | "changes" | "rules" | "pay">;

/**
 * Cancels orders whose process stopped between two steps: pending for longer than any batch can take. Whoever may hold
 * something is told. Returns the orders that it cancelled, CLOSE_BATCH at most. Safe on every replica at once.
 */
export async function recoverAbandoned(
  parts: Omit<Closing, "pay">,
): Promise<{ cancelled: bigint[]; lookedAt: number }> {
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
    return { cancelled: orders.map(({ orderId }) => orderId), lookedAt: orders.length };
  });
}

/**
 * Cancels confirmed orders that were not paid in time. Their payments are closed at the platform first: what turns out
 * to be paid there counts as paid, and where the platform does not answer, the order waits. Returns the orders that it
 * cancelled, and how many it looked at, CLOSE_BATCH at most.
 */
export async function expireOverdue(
  parts: Closing,
): Promise<{ cancelled: bigint[]; lookedAt: number }> {
  const overdue = await parts.database.transact("claim-overdue", (tx) =>
    claimOverdue(tx, { limit: CLOSE_BATCH, seconds: EXPIRY_RETRY_SECONDS }),
  );
  if (overdue.length === 0) return { cancelled: [], lookedAt: 0 };
  const outcomes = await parts.pay.close(overdue, { deadlineMs: Date.now() + CLOSE_TIMEOUT_MS });
  const closed = overdue.filter((orderId) => outcomes.get(orderId) === "closed");
  const cancelled = await parts.database.transact("expire-orders", async (tx) => {
    const orders = [...(await lockOrders(tx, closed)).values()].filter((order) =>
      allows(order, "expire"),
    );
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
  return { cancelled, lookedAt: overdue.length };
}
