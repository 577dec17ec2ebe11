import { MAX_IDENTIFIER } from "#platform/values/amounts.ts";
import { Checks } from "#platform/values/checks.ts";
import { closePage, jsonBytes, openPage } from "#platform/values/pages.ts";
import { OrderStatus } from "../domain/order.ts";
import type { OrderRow } from "../store/entities.ts";
import type { StoredOrder } from "../store/read-orders.ts";
import * as store from "../store/read-orders.ts";
import type { Parts } from "./parts.ts";

/** Orders whose lines and refunds are read together. */
const PARTS_AT_ONCE = 21;
/** As many bytes as a page has. */
const ENOUGH_BYTES = 1024 * 1024;

/**
 * Lists orders, newest first: those of one user, or of all users if `userId` is 0n; those of one
 * status, or of all statuses if `status` is 0. Orders that are still being placed are left out.
 * `basic` leaves out lines and refunds.
 */
export async function listOrders(
  parts: Pick<Parts, "database">,
  query: { userId: bigint; pageSize: number; pageToken: string; status: number; basic: boolean },
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
  const shown = query.basic
    ? orders.map((order) => ({ ...order, lines: [], refunds: [] }))
    : await readParts(parts.database, orders);
  const rows = [...shown, ...orders.slice(shown.length)];
  const { entries, nextPageToken } = closePage(page, rows, ({ orderId }) => orderId, bytesOf);
  return { orders: entries as StoredOrder[], nextPageToken };
}

/** An order whose parts were not read is beyond the end of the page. */
function bytesOf(order: OrderRow | StoredOrder): number {
  return "lines" in order ? jsonBytes(order) : Number.POSITIVE_INFINITY;
}

/**
 * Adds lines and refunds, some orders at a time, until they are more than a page has room for: a
 * page of the largest orders would have 100,000 lines.
 */
async function readParts(
  database: Parts["database"],
  orders: readonly OrderRow[],
): Promise<StoredOrder[]> {
  const read: StoredOrder[] = [];
  for (let start = 0; start < orders.length; start += PARTS_AT_ONCE) {
    const some = await store.withParts(database, orders.slice(start, start + PARTS_AT_ONCE));
    read.push(...some);
    if (jsonBytes(read) > ENOUGH_BYTES) break;
  }
  return read;
}
