import { clocksAgree } from "#platform/db/clock.ts";
import type { Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import type { RowOf } from "#platform/db/tables.ts";
import { OrderStatus, PayStatus, ShippingStatus } from "../domain/order.ts";
import { ORDERS } from "./entities.ts";

const LOCKED = ORDERS.pick(
  "orderId",
  "userId",
  "orderStatus",
  "payStatus",
  "shippingStatus",
  "version",
  "couponId",
  "couponPaidCents",
  "balanceCents",
  "goodsAmountCents",
  "shippingFeeCents",
  "orderAmountCents",
  "payAmountCents",
  "paymentId",
  "payTime",
  "shipTime",
  "closeTime",
  "trackingNumber",
  "completeAfter",
  "createTime",
  "currencyCode",
  "pointsPerUnit",
);
const LOCKED_SQL = `select ${LOCKED.sql}, now(3) as now from orders`;

/** What a transition needs of an order, read under its lock. */
export type LockedOrder = RowOf<typeof LOCKED> & {
  /** The database's time in this transaction. */
  now: Date;
};

/** Locks the orders in the order of their ids. Omits unknown ids. */
export async function lockOrders(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<Map<bigint, LockedOrder>> {
  const sql = `${LOCKED_SQL} force index (primary)
    where order_id in (?) order by order_id for update`;
  const rows = await selectByIds<LockedOrder>(tx, sql, orderIds);
  return new Map(rows.map((row) => [row.orderId, row]));
}

/**
 * Locks orders that have been pending for longer than `seconds`, and those with a creation time in
 * the future, which the clock wrote before it was set back. Omits rows that another transaction has
 * locked.
 */
export function lockAbandoned(
  tx: Transaction,
  query: { seconds: number; limit: number },
): Promise<LockedOrder[]> {
  return tx.select<LockedOrder>(
    `${LOCKED_SQL} where order_status = ? and ${clocksAgree()}
       and (create_time < now(3) - interval ? second or create_time > now(3) + interval ? second)
     order by create_time limit ? for update skip locked`,
    [OrderStatus.PENDING, query.seconds, query.seconds, query.limit],
  );
}

/**
 * Locks shipped orders whose receipt is not confirmed by their `completeAfter`, longest overdue
 * first. Omits rows that another transaction has locked.
 */
export function lockUnconfirmed(tx: Transaction, limit: number): Promise<LockedOrder[]> {
  return tx.select<LockedOrder>(
    `${LOCKED_SQL} where order_status = ? and shipping_status = ? and complete_after <= now(3)
       and ${clocksAgree()}
     order by complete_after limit ? for update skip locked`,
    [OrderStatus.CONFIRMED, ShippingStatus.SHIPPED, limit],
  );
}

/**
 * Claims confirmed, unpaid orders past their payment deadline, and returns their ids. No replica
 * claims them again within `seconds`.
 */
export async function claimOverdue(
  tx: Transaction,
  query: { limit: number; seconds: number },
): Promise<bigint[]> {
  const rows = await tx.select<{ orderId: bigint }>(
    `select order_id as orderId from orders
     where order_status = ? and pay_status = ? and expiry_time <= now(3) and ${clocksAgree()}
     order by expiry_time limit ? for update skip locked`,
    [OrderStatus.CONFIRMED, PayStatus.UNPAID, query.limit],
  );
  const orderIds = rows.map(({ orderId }) => orderId);
  if (orderIds.length > 0) {
    await tx.write(
      "update orders set expiry_time = now(3) + interval ? second where order_id in (?)",
      [query.seconds, orderIds],
    );
  }
  return orderIds;
}
