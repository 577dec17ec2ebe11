import { decodePageToken, encodePageToken } from "#platform/values/pages.ts";
import type { PaymentRow } from "../store/entities.ts";
import { paymentsOfOrder } from "../store/read-payments.ts";
import type { CallContext, Parts } from "./parts.ts";
import { checkIdentifier } from "./steps/check-identifier.ts";
import { listSize } from "./steps/list-size.ts";

type ListPayments = { orderId: bigint; pageSize: number; pageToken: string };

/** A page of the payments of an order, oldest first; none if the order is another user's. */
export async function listPayments(
  { database }: Pick<Parts, "database">,
  { orderId, pageSize, pageToken }: ListPayments,
  { ownerId }: Pick<CallContext, "ownerId">,
): Promise<{ payments: PaymentRow[]; nextPageToken: string }> {
  checkIdentifier("order_id", orderId);
  const size = listSize(pageSize);
  const after = decodePageToken(pageToken);
  const found = await paymentsOfOrder(database, { orderId, ownerId, after, limit: size + 1 });
  const payments = found.slice(0, size);
  const last = found.length > size ? payments.at(-1) : undefined;
  return { payments, nextPageToken: last ? encodePageToken(last.paymentId) : "" };
}
