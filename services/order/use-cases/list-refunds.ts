import { closePage, openPage } from "#platform/values/pages.ts";
import { type SoldRefund, listRefunds as storedRefunds } from "../store/read-refunds.ts";
import type { CallContext, Parts } from "./parts.ts";
import { checkOwner } from "./steps/find-order.ts";

type PageQuery = { orderId: bigint; pageSize: number; pageToken: string };

/** Lists the refunds of an order, newest first. Refuses with ORDER_NOT_FOUND. */
export async function listRefunds(
  { database }: Pick<Parts, "database">,
  query: PageQuery,
  call: Pick<CallContext, "ownerId">,
): Promise<{ refunds: SoldRefund[]; nextPageToken: string }> {
  const { orderId } = query;
  const list = "shop.order.v1.OrderService/ListRefunds";
  const page = openPage({ ...query, list, filters: [orderId] });
  await checkOwner(database, orderId, call);
  const { cursor: before, limit } = page;
  const found = await storedRefunds(database, { orderId, before, limit });
  const { entries, nextPageToken } = closePage(page, found, ({ refundId }) => refundId);
  return { refunds: entries, nextPageToken };
}
