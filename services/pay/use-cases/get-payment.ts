import { Reason, Refusal } from "#platform/values/refusal.ts";
import { findPayment, type Payment } from "../store/read-payments.ts";
import type { CallContext, Parts } from "./parts.ts";
import { checkIdentifier } from "./steps/check-identifier.ts";

/** One payment. Refuses with PAYMENT_NOT_FOUND if it does not exist or is another user's. */
export async function getPayment(
  { database }: Pick<Parts, "database">,
  paymentId: bigint,
  { ownerId }: Pick<CallContext, "ownerId">,
): Promise<Payment> {
  checkIdentifier("payment_id", paymentId);
  const payment = await findPayment(database, { paymentId, ownerId });
  if (!payment) throw new Refusal(Reason.PAYMENT_NOT_FOUND, { payment_id: String(paymentId) });
  return payment;
}
