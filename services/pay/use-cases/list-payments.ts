import { closePage, openPage } from "#platform/values/pages.ts";
import { DEFAULT_LISTED } from "../limits.ts";
import { type Payment, paymentsOfOrder } from "../store/read-payments.ts";
import type { CallContext, Parts } from "./parts.ts";
import { checkIdentifier } from "./steps/check-identifier.ts";

type ListPayments = { orderId: bigint; pageSize: number; pageToken: string };

/** A page of the payments of an order, oldest first; none if the order is another user's. */
export async function listPayments(
  { database }: Pick<Parts, "database">,
  { orderId, ...request }: ListPayments,
  { ownerId }: Pick<CallContext, "ownerId">,
): Promise<{ payments: Payment[]; nextPageToken: string }> {
  checkIdentifier("order_id", orderId);
  const list = "shop.pay.v1.PayService/ListPayments";
  const page = openPage({ ...request, list, filters: [orderId], defaultSize: DEFAULT_LISTED });
  const rows = { orderId, ownerId, after: page.cursor, limit: page.limit };
  const found = await paymentsOfOrder(database, rows);
  const { entries, nextPageToken } = closePage(page, found, ({ paymentId }) => paymentId);
  return { payments: entries, nextPageToken };
}
