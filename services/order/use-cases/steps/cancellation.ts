import type { Transaction } from "#platform/db/database.ts";
import type { Refusal } from "#platform/values/refusal.ts";
import type { CancellationConsumer, CancelReason } from "../../domain/order.ts";
import { applyTransition, type Cancellation, REASON_OF } from "../../domain/order-state.ts";
import { type Cause, insertHistory } from "../../store/history.ts";
import type { LockedOrder } from "../../store/lock-orders.ts";
import { writeCancelled } from "../../store/write-orders.ts";
import type { OrderEvent, Parts } from "../parts.ts";

export type ToCancel = {
  order: LockedOrder;
  transition: Cancellation;
  /** @default that of the transition */
  reason?: CancelReason;
  /** The services that hold, or may hold, something for the order and release it at the event. */
  consumers: readonly CancellationConsumer[];
  /** Why placing the order failed: the answer to a repetition of the request. */
  failure?: Refusal;
  by: Cause;
  traceparent?: string;
};

/**
 * Cancels orders that this transaction has locked: the rows, their history, and the events by which
 * the participants release what they hold.
 */
export async function cancelLocked(
  tx: Transaction,
  parts: Pick<Parts, "outbox" | "watch">,
  cancellations: readonly ToCancel[],
): Promise<void> {
  if (cancellations.length === 0) return;
  const rows = cancellations.map(({ order, transition, reason, failure, by }) => ({
    order,
    orderId: order.orderId,
    ...applyTransition(order, transition),
    version: order.version + 1,
    reason: reason ?? REASON_OF[transition],
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
  tx.afterCommit(() => parts.watch.notify(rows.map(({ orderId }) => orderId)));
}

function cancelledEvent(cancellation: ToCancel): OrderEvent {
  const { order, transition, consumers, traceparent } = cancellation;
  const reason = cancellation.reason ?? REASON_OF[transition];
  const { orderId, userId } = order;
  return {
    fact: "order.v1.cancelled",
    message: { orderId, userId, reason, holders: [...consumers] },
    aggregateId: orderId,
    traceparent,
  };
}
