import { closePage, openPage } from "#platform/values/pages.ts";
import type { OrderHistoryRow } from "../store/entities.ts";
import { readHistory } from "../store/read-orders.ts";
import type { CallContext, Parts } from "./parts.ts";
import { checkOwner } from "./steps/find-order.ts";

type PageQuery = { orderId: bigint; pageSize: number; pageToken: string };

/** Lists every transition of an order, oldest first. Refuses with ORDER_NOT_FOUND. */
export async function listOrderHistory(
  { database }: Pick<Parts, "database">,
  query: PageQuery,
  call: Pick<CallContext, "ownerId">,
): Promise<{ entries: OrderHistoryRow[]; nextPageToken: string }> {
  const { orderId } = query;
  const list = "shop.order.v1.OrderService/ListOrderHistory";
  const page = openPage({ ...query, list, filters: [orderId], defaultSize: 100 });
  await checkOwner(database, orderId, call);
  const after = Number(page.cursor ?? 0n);
  const rows = await readHistory(database, { orderId, after, limit: page.limit });
  return closePage(page, rows, ({ version }) => BigInt(version));
}
