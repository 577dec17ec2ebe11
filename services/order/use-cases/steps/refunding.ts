import { type NewEvent, newEvent } from "#platform/events/outbox.ts";
import { OrderRefundedSchema, OrderRefundRequestedSchema } from "#proto/shop/event/v1/event_pb.ts";
import { advance } from "../../domain/order-state.ts";
import { type PlannedRefund, RefundStatus } from "../../domain/refunds.ts";
import type { LockedOrder } from "../../store/lock-orders.ts";
import type { Refund, StoredRefund } from "../../store/refunds.ts";

type KnownRefund = Pick<
  StoredRefund,
  "refundId" | "orderId" | "latePaymentId" | "status" | "whole"
>;

/**
 * The order after its refund `finishing` has succeeded. It stays REFUNDING while another refund is
 * under way.
 */
export function afterRefund(
  order: LockedOrder,
  known: readonly KnownRefund[],
  finishing: bigint,
): LockedOrder {
  // `known` may have the refunds of several orders.
  const refunds = known.filter(({ orderId }) => orderId === order.orderId);
  const others = refunds.filter(({ refundId, latePaymentId }) => {
    return refundId !== finishing && latePaymentId === null;
  });
  if (others.some(({ status }) => status === RefundStatus.REQUESTED)) {
    return advance(order, "refundOneOfSeveral");
  }
  if (!refunds.some(({ whole }) => whole)) return advance(order, "refundPart");
  return advance(order, "refundWhole", { closeTime: order.closeTime ?? order.now });
}

/** The event by which the participants take back goods, balance, points and coupon. */
export function refundedEvent(
  order: LockedOrder,
  refund: PlannedRefund & { refundId: bigint },
  traceparent: string,
): NewEvent {
  const { orderId, userId, couponId } = order;
  const { refundId, lines, balanceCents, spentCents, whole } = refund;
  return newEvent("order.v1.refunded", OrderRefundedSchema, {
    message: { orderId, userId, refundId, lines, balanceCents, spentCents, whole },
    orderId,
    consumers: ["goods", "user", ...(whole && couponId !== 0n ? ["coupon"] : [])],
    traceparent,
  });
}

/** The event by which pay refunds money through the provider. */
export function refundRequestedEvent(
  order: Pick<LockedOrder, "orderId" | "userId">,
  refund: Refund,
  traceparent: string,
): NewEvent {
  const { orderId, userId } = order;
  const { refundId, paymentId, payAmountCents } = refund;
  return newEvent("order.v1.refund_requested", OrderRefundRequestedSchema, {
    message: { orderId, userId, refundId, paymentId, payAmountCents },
    orderId,
    consumers: ["pay"],
    traceparent,
  });
}
