import { admitEvents } from "#platform/events/inbox.ts";
import { hasReturned, isLater, type RefundProgress, stepsTo } from "../domain/refund-progress.ts";
import { RefundStatus } from "../domain/refunds.ts";
import { type LockedOrder, lockOrders } from "../store/lock-orders.ts";
import { ordersOfRefunds, refundsOf, type StoredRefund, writeProgress } from "../store/refunds.ts";
import type { OrderEvent, WriteParts } from "./parts.ts";
import { afterRefund, afterReopening, refundedEvent, refundValue } from "./steps/refunding.ts";
import { type OrderTransition, recordTransitions } from "./steps/transitions.ts";

/** What pay reports of a refund at the provider, with the event that the history names. */
const REPORTS = {
  succeeded: { status: RefundStatus.SUCCEEDED, cause: "pay.v1.refunded" },
  reopened: { status: RefundStatus.REQUESTED, cause: "pay.v1.refund_reopened" },
  requires_action: {
    status: RefundStatus.REQUIRES_ACTION,
    cause: "pay.v1.refund_requires_action",
  },
} as const;

type ReportedRefund = {
  eventId: bigint;
  consumer: string;
  refundId: bigint;
  /** How often it has reopened so far. */
  reopens: number;
  /** For people; "" if there is nothing to say. */
  detail: string;
  traceparent: string;
};
type RefundReport = ReportedRefund & RefundProgress & { cause: string };

/**
 * Brings refunds to the progress that pay reports, in one transaction. With its first success the
 * participants take back what was refunded, by an event; a refund that reopens and succeeds again
 * moves only the state of the order. Reports may arrive in any order: an earlier one than what is
 * known changes nothing. Idempotent by event.
 */
export async function trackRefunds(
  parts: WriteParts,
  kind: keyof typeof REPORTS,
  reported: readonly ReportedRefund[],
): Promise<void> {
  const reports = reported.map((one): RefundReport => ({ ...one, ...REPORTS[kind] }));
  await parts.database.transact("track-refunds", async (tx) => {
    const admitted = await admitEvents(tx, reports);
    if (admitted.length === 0) return;
    const orderIds = await ordersOfRefunds(
      tx,
      admitted.map(({ refundId }) => refundId),
    );
    const orders = await lockOrders(tx, orderIds);
    const refunds = await refundsOf(tx, orderIds);
    const moved = new Map<bigint, StoredRefund>();
    const transitions: OrderTransition[] = [];
    const events: OrderEvent[] = [];
    for (const report of admitted) {
      const refund = refunds.find(({ refundId }) => refundId === report.refundId);
      const order = refund && orders.get(refund.orderId);
      if (!order) throw new Error(`refund ${report.refundId} was never requested`);
      if (!isLater(report, refund)) continue;
      const steps = stepsTo(report, refund);
      // The refund of a late payment leaves the order as it is.
      if (refund.latePaymentId === null) {
        if (steps.length > 0 && !hasReturned(refund)) {
          events.push(refundedEvent(order, refund, report.traceparent));
          refund.pointsBaseCents = refundValue(refund);
        }
        for (const step of steps) {
          const next = takeStep(step, {
            order: orders.get(order.orderId) ?? order,
            refunds,
            report,
          });
          orders.set(order.orderId, next.order);
          transitions.push(next);
        }
      }
      refund.status = report.status;
      refund.reopens = report.reopens;
      moved.set(refund.refundId, refund);
    }
    await writeProgress(tx, [...moved.values()]);
    await recordTransitions(tx, parts, transitions);
    await parts.outbox.add(tx, events);
  });
}

function takeStep(
  step: "succeed" | "reopen",
  about: { order: LockedOrder; refunds: readonly StoredRefund[]; report: RefundReport },
): OrderTransition {
  const { order, refunds, report } = about;
  const { refundId, cause } = report;
  const detail = report.detail === "" ? "" : `: ${report.detail}`;
  const by = { actor: "service:pay", cause, detail: `refund ${refundId}${detail}`.slice(0, 500) };
  const isDone = step === "succeed";
  return { order: isDone ? afterRefund(order, refunds, refundId) : afterReopening(order), by };
}
