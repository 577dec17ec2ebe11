import { MAX_IDENTIFIER } from "#platform/values/amounts.ts";
import { Checks } from "#platform/values/checks.ts";
import { closePage, openPage } from "#platform/values/pages.ts";
import { OrderStatus } from "../domain/order.ts";
import type { StoredOrder } from "../store/read-orders.ts";
import * as store from "../store/read-orders.ts";
import type { Parts } from "./parts.ts";

/**
 * Lists orders, newest first: those of one user, or of all users if `userId` is 0n; those of one
 * status, or of all statuses if `status` is 0. Orders that are still being placed are left out.
 */
export async function listOrders(
  parts: Pick<Parts, "database">,
  query: { userId: bigint; pageSize: number; pageToken: string; status: number },
): Promise<{ orders: StoredOrder[]; nextPageToken: string }> {
  const checks = new Checks();
  checks.integer("user_id", query.userId, { min: 0n, max: MAX_IDENTIFIER });
  const known = query.status === 0 || Object.values<number>(OrderStatus).includes(query.status);
  checks.that("order_status", known, "must be a status of an order");
  checks.throwIfAny();
  const list = "shop.order.v1.OrderService/ListOrders";
  const page = openPage({ ...query, list, filters: [query.userId, query.status] });
  if (query.status === OrderStatus.PENDING) return { orders: [], nextPageToken: "" };
  const orders = await store.listOrders(parts.database, {
    userId: query.userId,
    status: query.status === 0 ? undefined : (query.status as OrderStatus),
    before: page.cursor,
    limit: page.limit,
  });
  const { entries, nextPageToken } = closePage(page, orders, ({ orderId }) => orderId);
  return { orders: entries, nextPageToken };
}
