import type { Database, Transaction } from "#platform/db/database.ts";
import type { RowOf } from "#platform/db/tables.ts";
import { type OrderLine, OrderStatus, type SoldLine } from "../domain/order.ts";
import {
  INTERNAL,
  ORDER_LINES,
  OrderEntity,
  OrderHistoryEntity,
  type OrderHistoryRow,
  OrderLineEntity,
  type OrderRow,
} from "./entities.ts";
import { newestRefunds } from "./read-refunds.ts";
import type { StoredRefund } from "./refunds.ts";

/** An order with its lines and refunds, as every answer shows it. */
export type StoredOrder = OrderRow & { lines: SoldLine[]; refunds: StoredRefund[] };

const LINE = ORDER_LINES.pick("goodsId", "quantity", "unitPriceCents");

/**
 * Orders in the order of the given ids. Omits orders that do not exist and, with `ownerId`, those
 * of other users.
 */
export async function readOrders(
  database: Database,
  query: { orderIds: readonly bigint[]; ownerId?: bigint | undefined },
): Promise<StoredOrder[]> {
  const where = {
    orderId: { $in: [...query.orderIds] },
    ...(query.ownerId !== undefined && { userId: query.ownerId }),
  };
  const found = await database.read((em) => em.find(OrderEntity, where, { exclude: INTERNAL }));
  const orders = await withParts(database, found);
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  return query.orderIds.flatMap((id) => byId.get(id) ?? []);
}

/**
 * Orders newest first and without their parts; those still pending are left out. `userId` 0n lists
 * the orders of all users, `status` undefined those of every status.
 */
export async function listOrders(
  database: Database,
  query: {
    userId: bigint;
    status: OrderStatus | undefined;
    before: bigint | undefined;
    limit: number;
  },
): Promise<OrderRow[]> {
  const where = {
    ...(query.userId !== 0n && { userId: query.userId }),
    orderStatus: query.status ?? { $ne: OrderStatus.PENDING },
    ...(query.before !== undefined && { orderId: { $lt: query.before } }),
  };
  const options = { orderBy: { orderId: "desc" }, limit: query.limit, exclude: INTERNAL } as const;
  return database.read((em) => em.find(OrderEntity, where, options));
}

/** The user of an order, undefined if there is no such order. */
export async function readOwner(database: Database, orderId: bigint): Promise<bigint | undefined> {
  const [row] = await database.select<{ userId: bigint }>(
    "select user_id as userId from orders where order_id = ?",
    [orderId],
  );
  return row?.userId;
}

/** Transitions in the order of their versions: at most `limit` of those above `after`. */
export async function readHistory(
  database: Database,
  { orderId, after, limit }: { orderId: bigint; after: number; limit: number },
): Promise<OrderHistoryRow[]> {
  const where = { orderId, version: { $gt: after } };
  return database.read((em) =>
    em.find(OrderHistoryEntity, where, { orderBy: { version: "asc" }, limit }),
  );
}

/** The version of each order, for `createVersionWatch`. */
export async function readVersions(
  database: Database,
  orderIds: readonly bigint[],
): Promise<{ id: bigint; version: number }[]> {
  return database.select("select order_id as id, version from orders where order_id in (?)", [
    orderIds,
  ]);
}

/** The lines of one order, inside a transaction. */
export function readLines(tx: Transaction, orderId: bigint): Promise<OrderLine[]> {
  return tx.select<RowOf<typeof LINE>>(
    `select ${LINE.sql} from order_lines where order_id = ? order by line_number`,
    [orderId],
  );
}

/** The orders with their lines and their newest refunds. */
export async function withParts(
  database: Database,
  orders: readonly OrderRow[],
): Promise<StoredOrder[]> {
  if (orders.length === 0) return [];
  const orderIds = orders.map(({ orderId }) => orderId);
  const lines = await database.read((em) =>
    em.find(
      OrderLineEntity,
      { orderId: { $in: orderIds } },
      { orderBy: { orderId: "asc", lineNumber: "asc" } },
    ),
  );
  const linesOf = Map.groupBy(lines, ({ orderId }) => orderId);
  const refunds = Map.groupBy(await newestRefunds(database, orderIds), ({ orderId }) => orderId);
  return orders.map((order) =>
    Object.assign(order, {
      lines: linesOf.get(order.orderId) ?? [],
      refunds: refunds.get(order.orderId) ?? [],
    }),
  );
}
