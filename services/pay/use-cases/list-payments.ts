import { MAX_LISTED_PAYMENTS } from "../limits.ts";
import type { PaymentRow } from "../store/entities.ts";
import { paymentsOfOrder } from "../store/read-payments.ts";
import type { CallContext, Parts } from "./parts.ts";
import { checkIdentifier } from "./steps/check-identifier.ts";

/** The payments of an order, oldest first; none if the order is another user's. */
export async function listPayments(
  { database }: Pick<Parts, "database">,
  orderId: bigint,
  { ownerId }: Pick<CallContext, "ownerId">,
): Promise<PaymentRow[]> {
  checkIdentifier("order_id", orderId);
  return paymentsOfOrder(database, { orderId, ownerId, limit: MAX_LISTED_PAYMENTS });
}
