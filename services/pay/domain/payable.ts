import { Reason, Refusal } from "#platform/values/refusal.ts";

/** The fields of an order that decide whether it can be paid. States have their contract names. */
export type PayableOrder = {
  orderId: bigint;
  userId: bigint;
  orderStatus: string;
  payStatus: string;
  payAmountCents: bigint;
  /** ISO 4217; "" for an order that is older than this field. */
  currency: string;
  payDeadline: Date | undefined;
};

/**
 * Refuses to start a payment unless the order is confirmed, unpaid, before its deadline and has an
 * amount left to pay. Returns the deadline.
 */
export function checkPayable(order: PayableOrder, now: Date): Date {
  const { orderId, orderStatus, payStatus, payAmountCents, payDeadline } = order;
  const metadata = { order_id: String(orderId) };
  if (payStatus !== "UNPAID") {
    throw new Refusal(Reason.ORDER_ALREADY_PAID, { ...metadata, pay_status: payStatus });
  }
  if (orderStatus !== "CONFIRMED") throw notPayable(order, "order_status");
  if (payAmountCents <= 0n) throw new Refusal(Reason.ORDER_ALREADY_PAID, metadata);
  if (!payDeadline || payDeadline <= now) throw notPayable(order, "pay_deadline_passed");
  return payDeadline;
}

/** The refusal of a payment for an order that no longer accepts one. */
export function notPayable(
  order: Pick<PayableOrder, "orderId" | "orderStatus" | "payStatus">,
  cause: "order_status" | "pay_deadline_passed" | "payments_closed",
): Refusal {
  return new Refusal(Reason.ORDER_STATE_INVALID, {
    order_id: String(order.orderId),
    order_status: order.orderStatus,
    pay_status: order.payStatus,
    change: "pay",
    cause,
  });
}
