import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { MAX_LISTED_LOG, MAX_LISTED_PAYMENTS } from "../limits.ts";
import type { PaymentLogRow, PaymentRow } from "../store/entities.ts";
import { findPayment, paymentsOfOrder, readPaymentLog } from "../store/read-payments.ts";
import type { Asking, Parts } from "./parts.ts";

type Reading = Pick<Parts, "database">;

/** One payment; another user's is not found, like one that does not exist. */
export async function getPayment(
  { database }: Reading,
  paymentId: bigint,
  { ownerId }: Pick<Asking, "ownerId">,
): Promise<PaymentRow> {
  checkIdentifier("payment_id", paymentId);
  const payment = await findPayment(database, { paymentId, ownerId });
  if (!payment) throw new Refusal(Reason.PAYMENT_NOT_FOUND, { payment_id: String(paymentId) });
  return payment;
}

/** The payments of an order, oldest first; none for an order that is another user's. */
export async function listPayments(
  { database }: Reading,
  orderId: bigint,
  { ownerId }: Pick<Asking, "ownerId">,
): Promise<PaymentRow[]> {
  checkIdentifier("order_id", orderId);
  return paymentsOfOrder(database, { orderId, ownerId, limit: MAX_LISTED_PAYMENTS });
}

/** What became of a payment, oldest first. */
export async function listPaymentLog(parts: Reading, paymentId: bigint): Promise<PaymentLogRow[]> {
  await getPayment(parts, paymentId, { ownerId: undefined });
  return readPaymentLog(parts.database, { paymentId, limit: MAX_LISTED_LOG });
}

function checkIdentifier(field: string, value: bigint): void {
  const checks = new Checks();
  checks.identifier(field, value);
  checks.throwIfAny();
}
