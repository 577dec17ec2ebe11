import { OrderStatus } from "../../domain/order.ts";
import { advance } from "../../domain/order-state.ts";
import { type PlannedRefund, RefundStatus } from "../../domain/refunds.ts";
import type { LockedOrder } from "../../store/lock-orders.ts";
import type { Refund, StoredRefund } from "../../store/refunds.ts";
import type { OrderEvent } from "../parts.ts";
import { keptFields } from "./paid-event.ts";

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
  if (others.some(({ status }) => status !== RefundStatus.SUCCEEDED)) {
    return advance(order, "refundOneOfSeveral");
  }
  if (!refunds.some(({ whole }) => whole)) return advance(order, "refundPart");
  return advance(order, "refundWhole", { closeTime: order.closeTime ?? order.now });
}

/** The order after the provider took back the success of one of its refunds. */
export function afterReopening(order: LockedOrder): LockedOrder {
  const isWhole = order.orderStatus === OrderStatus.REFUNDED;
  return advance(order, isWhole ? "reopenRefundOfWhole" : "reopenRefund");
}

/** The event by which the participants take back goods, balance, points and coupon. */
export function refundedEvent(
  order: LockedOrder,
  refund: PlannedRefund & { refundId: bigint; keepStock: boolean },
  traceparent: string,
): OrderEvent {
  const { orderId, userId, couponId } = order;
  const { refundId, lines, balanceCents, whole, keepStock } = refund;
  return {
    fact: "order.v1.refunded",
    message: {
      orderId,
      userId,
      refundId,
      lines,
      balanceCents,
      // With the shipping fee, which earned points as well.
      spentCents: refundValue(refund),
      whole,
      keepStock,
      ...keptFields(order),
    },
    aggregateId: orderId,
    consumers: whole && couponId !== 0n ? ["goods", "user", "coupon"] : ["goods", "user"],
    traceparent,
  };
}

/** All that a refund gives back. */
export function refundValue(refund: Pick<Refund, "payAmountCents" | "balanceCents">): bigint {
  return refund.payAmountCents + refund.balanceCents;
}

/** The event by which pay refunds money through the provider. */
export function refundRequestedEvent(
  order: Pick<LockedOrder, "orderId" | "userId">,
  refund: Refund,
  traceparent: string,
): OrderEvent {
  const { orderId, userId } = order;
  const { refundId, paymentId, payAmountCents } = refund;
  return {
    fact: "order.v1.refund_requested",
    message: { orderId, userId, refundId, paymentId, payAmountCents },
    aggregateId: orderId,
    traceparent,
  };
}
