import { admitEvents } from "#platform/events/inbox.ts";
import { RefundStatus } from "../domain/refunds.ts";
import { lockOrders } from "../store/lock-orders.ts";
import { finishRefunds, ordersOfRefunds, refundsOf } from "../store/refunds.ts";
import type { OrderEvent, WriteParts } from "./parts.ts";
import { afterRefund, refundedEvent } from "./steps/refunding.ts";
import { type OrderTransition, recordTransitions } from "./steps/transitions.ts";

/** A refund that pay has carried out at the provider. */
type FinishedRefund = {
  eventId: bigint;
  consumer: string;
  refundId: bigint;
  traceparent: string;
};

/**
 * Finishes refunds in one transaction, with the events by which the participants take back what was
 * refunded. Idempotent by event.
 */
export async function finishRefund(
  parts: WriteParts,
  finished: readonly FinishedRefund[],
): Promise<void> {
  await parts.database.transact("finish-refund", async (tx) => {
    const admitted = await admitEvents(tx, finished);
    if (admitted.length === 0) return;
    const orderIds = await ordersOfRefunds(
      tx,
      admitted.map(({ refundId }) => refundId),
    );
    const orders = await lockOrders(tx, orderIds);
    const refunds = await refundsOf(tx, orderIds);
    const done: bigint[] = [];
    const transitions: OrderTransition[] = [];
    const events: OrderEvent[] = [];
    for (const { refundId, traceparent } of admitted) {
      const refund = refunds.find((one) => one.refundId === refundId);
      const order = refund && orders.get(refund.orderId);
      if (!order)
        throw new Error(`refund ${refundId} is finished by an event but was never requested`);
      if (refund.status !== RefundStatus.REQUESTED) continue;
      done.push(refundId);
      // The refund of a late payment leaves the order as it is.
      if (refund.latePaymentId === null) {
        const next = afterRefund(order, refunds, refundId);
        orders.set(order.orderId, next);
        const detail = `refund ${refundId}`;
        transitions.push({
          order: next,
          by: { actor: "service:pay", cause: "pay.v1.refunded", detail },
        });
        events.push(refundedEvent(order, refund, traceparent));
      }
      refund.status = RefundStatus.SUCCEEDED;
    }
    await finishRefunds(tx, done);
    await recordTransitions(tx, parts, transitions);
    await parts.outbox.add(tx, events);
  });
}
