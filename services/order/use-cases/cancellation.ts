import type { Transaction } from "#platform/db/database.ts";
import { newEvent } from "#platform/events/outbox.ts";
import type { Refusal } from "#platform/values/refusal.ts";
import { OrderCancelledSchema } from "#proto/shop/event/v1/event_pb.ts";
import type { ToldOfCancellation } from "../domain/order.ts";
import { applyTransition, type Cancellation, REASON_OF } from "../domain/order-state.ts";
import type { LockedOrder } from "../store/lock-orders.ts";
import { type Cause, insertHistory, writeCancelled } from "../store/write-orders.ts";
import type { Parts } from "./parts.ts";

export type ToCancel = {
  order: LockedOrder;
  change: Cancellation;
  /** Whom the event asks to give back: all that hold something, or may. */
  holders: readonly ToldOfCancellation[];
  /** What a repetition of the request is answered, where placing it failed. */
  failure?: Refusal;
  by: Cause;
  traceparent?: string;
};

/** Cancels orders that this transaction has locked: rows, history, and the events that give everything back. */
export async function cancelLocked(
  tx: Transaction,
  parts: Pick<Parts, "outbox" | "changes">,
  cancellations: readonly ToCancel[],
): Promise<void> {
  if (cancellations.length === 0) return;
  const rows = cancellations.map(({ order, change, failure, by }) => ({
    order,
    orderId: order.orderId,
    ...applyTransition(order, change),
    version: order.version + 1,
    reason: REASON_OF[change],
    failure,
    by,
  }));
  await writeCancelled(tx, rows);
  await insertHistory(
    tx,
    rows.map(({ orderId, version, orderStatus, payStatus, shippingStatus, by }) => {
      return { orderId, version, orderStatus, payStatus, shippingStatus, by };
    }),
  );
  await parts.outbox.add(tx, cancellations.map(cancelledEvent));
  tx.afterCommit(() => parts.changes.notify(rows.map(({ orderId }) => orderId)));
}

function cancelledEvent({ order, change, holders, traceparent }: ToCancel) {
  const { orderId, userId } = order;
  return newEvent("order.v1.cancelled", OrderCancelledSchema, {
    message: { orderId, userId, reason: REASON_OF[change], holders: [...holders] },
    orderId,
    consumers: holders,
    ...(traceparent && { traceparent }),
  });
}
