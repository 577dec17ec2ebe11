import { admitEvents } from "#platform/events/inbox.ts";
import { advance, allows } from "../domain/order-state.ts";
import { RefundStatus } from "../domain/refunds.ts";
import { lockOrders } from "../store/lock-orders.ts";
import { insertRefunds, type Refund, refundsOf } from "../store/refunds.ts";
import type { OrderEvent, WriteParts } from "./parts.ts";
import { paidEvent } from "./steps/paid-event.ts";
import { refundRequestedEvent } from "./steps/refunding.ts";
import { type OrderTransition, recordTransitions } from "./steps/transitions.ts";

/** A payment that succeeded, as pay reports it. */
type IncomingPayment = {
  eventId: bigint;
  consumer: string;
  paymentId: bigint;
  orderId: bigint;
  amountCents: bigint;
  payTime: Date;
  traceparent: string;
};

/**
 * Marks orders paid in one transaction. A payment that its order does not wait for is refunded
 * whole, once and without goods: the order is cancelled or paid already, or the amount is not the
 * order's. Idempotent by event.
 */
export async function markPaid(
  parts: WriteParts,
  payments: readonly IncomingPayment[],
): Promise<void> {
  await parts.database.transact("mark-paid", async (tx) => {
    const admitted = await admitEvents(tx, payments);
    if (admitted.length === 0) return;
    const orders = await lockOrders(
      tx,
      admitted.map(({ orderId }) => orderId),
    );
    const late = new Set((await refundsOf(tx, [...orders.keys()])).map((r) => r.latePaymentId));
    const transitions: OrderTransition[] = [];
    const refunds: (Refund & { lines: [] })[] = [];
    const events: OrderEvent[] = [];
    for (const payment of admitted) {
      const order = orders.get(payment.orderId);
      if (!order)
        throw new Error(
          `payment ${payment.paymentId} is for order ${payment.orderId}, which does not exist`,
        );
      if (payment.paymentId === order.paymentId || late.has(payment.paymentId)) continue;
      if (allows(order, "pay") && payment.amountCents === order.payAmountCents) {
        const { paymentId, payTime } = payment;
        const paid = advance(order, "pay", { paymentId, payTime });
        orders.set(order.orderId, paid);
        const detail = `payment ${paymentId}`;
        transitions.push({
          order: paid,
          by: { actor: "service:pay", cause: "pay.v1.succeeded", detail },
        });
        events.push(paidEvent({ ...paid, payTime, traceparent: payment.traceparent }));
      } else {
        late.add(payment.paymentId);
        const refund = lateRefund(parts.identifiers.next(), payment);
        refunds.push(refund);
        events.push(refundRequestedEvent(order, refund, payment.traceparent));
      }
    }
    await recordTransitions(tx, parts, transitions);
    await insertRefunds(tx, refunds);
    await parts.outbox.add(tx, events);
  });
}

function lateRefund(refundId: bigint, payment: IncomingPayment): Refund & { lines: [] } {
  return {
    refundId,
    orderId: payment.orderId,
    paymentId: payment.paymentId,
    latePaymentId: payment.paymentId,
    status: RefundStatus.REQUESTED,
    payAmountCents: payment.amountCents,
    balanceCents: 0n,
    goodwillCents: 0n,
    shippingCents: 0n,
    spentCents: 0n,
    whole: false,
    keepStock: false,
    note: "the order was cancelled or paid already",
    lines: [],
  };
}
