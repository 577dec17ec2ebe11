import { MAX_LISTED_LOG } from "../limits.ts";
import type { PaymentLogRow } from "../store/entities.ts";
import { readPaymentLog } from "../store/read-payments.ts";
import { getPayment } from "./get-payment.ts";
import type { Parts } from "./parts.ts";

/** Every callback and refund of a payment with its outcome, oldest first. */
export async function listPaymentLog(
  parts: Pick<Parts, "database">,
  paymentId: bigint,
): Promise<PaymentLogRow[]> {
  await getPayment(parts, paymentId, { ownerId: undefined });
  return readPaymentLog(parts.database, { paymentId, limit: MAX_LISTED_LOG });
}
