import type { Database, Transaction } from "#platform/db/database.ts";
import { type OrderLine, OrderStatus } from "../domain/order.ts";
import {
  OrderEntity,
  OrderHistoryEntity,
  type OrderHistoryRow,
  OrderLineEntity,
  type OrderLineRow,
  type OrderRow,
  type StoredOrder,
} from "./entities.ts";
import { refundsOf } from "./refunds.ts";

/** Orders by id, in the order of the ids; those that do not exist, or are not `ownerId`'s, are left out. */
export async function readOrders(
  database: Database,
  query: { orderIds: readonly bigint[]; ownerId?: bigint | undefined },
): Promise<StoredOrder[]> {
  const found = await database.read((em) =>
    em.find(OrderEntity, {
      orderId: { $in: [...query.orderIds] },
      ...(query.ownerId !== undefined && { userId: query.ownerId }),
    }),
  );
  const orders = await withParts(database, found);
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  return query.orderIds.flatMap((id) => byId.get(id) ?? []);
}

/** Newest first, without pending ones; `userId` 0n lists everyone's, `status` undefined every status. */
export async function listOrders(
  database: Database,
  query: {
    userId: bigint;
    status: OrderStatus | undefined;
    before: bigint | undefined;
    limit: number;
  },
): Promise<StoredOrder[]> {
  const found = await database.read((em) =>
    em.find(
      OrderEntity,
      {
        ...(query.userId !== 0n && { userId: query.userId }),
        orderStatus: query.status ?? { $ne: OrderStatus.PENDING },
        ...(query.before !== undefined && { orderId: { $lt: query.before } }),
      },
      { orderBy: { orderId: "desc" }, limit: query.limit },
    ),
  );
  return withParts(database, found);
}

export async function readHistory(database: Database, orderId: bigint): Promise<OrderHistoryRow[]> {
  return database.read((em) =>
    em.find(OrderHistoryEntity, { orderId }, { orderBy: { version: "asc" } }),
  );
}

/** The version of each order that exists: its number of transitions so far. */
export async function readVersions(
  database: Database,
  orderIds: readonly bigint[],
): Promise<{ id: bigint; version: number }[]> {
  return database.select("select order_id as id, version from orders where order_id in (?)", [
    orderIds,
  ]);
}

async function withParts(database: Database, orders: OrderRow[]): Promise<StoredOrder[]> {
  if (orders.length === 0) return [];
  const lines = await database.read((em) =>
    em.find(
      OrderLineEntity,
      { orderId: { $in: orders.map((order) => order.orderId) } },
      { orderBy: { orderId: "asc", lineNumber: "asc" } },
    ),
  );
  const byOrder: Map<bigint, OrderLineRow[]> = Map.groupBy(lines, (line) => line.orderId);
  const orderIds = orders.map((order) => order.orderId);
  const refunds = Map.groupBy(await refundsOf(database, orderIds), (refund) => refund.orderId);
  return orders.map((order) =>
    Object.assign(order, {
      lines: byOrder.get(order.orderId) ?? [],
      refunds: refunds.get(order.orderId) ?? [],
    }),
  );
}

/** The lines of one order, inside a transaction. */
export function readLines(tx: Transaction, orderId: bigint): Promise<OrderLine[]> {
  return tx.select<OrderLine>(
    `select goods_id as goodsId, quantity, unit_price_cents as unitPriceCents
     from order_lines where order_id = ? order by line_number`,
    [orderId],
  );
}
