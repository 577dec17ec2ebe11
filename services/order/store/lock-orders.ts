import { clocksAgree } from "#platform/db/clock.ts";
import type { Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { OrderStatus, PayStatus, type ShippingStatus } from "../domain/order.ts";

/** Orders as a transaction that changes them has locked them. */
export type LockedOrder = {
  orderId: bigint;
  userId: bigint;
  orderStatus: OrderStatus;
  payStatus: PayStatus;
  shippingStatus: ShippingStatus;
  version: number;
  couponId: bigint;
  couponPaidCents: bigint;
  balanceCents: bigint;
  goodsAmountCents: bigint;
  shippingFeeCents: bigint;
  orderAmountCents: bigint;
  payAmountCents: bigint;
  /** 0n while unpaid, and where nothing was left to pay. */
  paymentId: bigint;
  payTime: Date | null;
  shipTime: Date | null;
  closeTime: Date | null;
  trackingNumber: string;
  createTime: Date;
  /** The database's time in this transaction. */
  now: Date;
};

const LOCKED = `order_id as orderId, user_id as userId, order_status as orderStatus,
  pay_status as payStatus, shipping_status as shippingStatus, version, coupon_id as couponId,
  coupon_paid_cents as couponPaidCents, balance_paid_cents as balanceCents,
  goods_amount_cents as goodsAmountCents, shipping_fee_cents as shippingFeeCents,
  order_amount_cents as orderAmountCents, pay_amount_cents as payAmountCents,
  payment_id as paymentId, pay_time as payTime, ship_time as shipTime, close_time as closeTime,
  tracking_number as trackingNumber, create_time as createTime, now(3) as now`;

/** Locks the orders, in the order of their ids; unknown ids are left out. */
export async function lockOrders(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<Map<bigint, LockedOrder>> {
  const sql = `select ${LOCKED} from orders force index (primary)
    where order_id in (?) order by order_id for update`;
  const rows = await selectByIds<LockedOrder>(tx, sql, orderIds);
  return new Map(rows.map((row) => [row.orderId, row]));
}

/**
 * Locks pending orders older than `seconds` that no other transaction has locked, and those that were made before the
 * clock went back.
 */
export function lockAbandoned(
  tx: Transaction,
  query: { seconds: number; limit: number },
): Promise<LockedOrder[]> {
  return tx.select<LockedOrder>(
    `select ${LOCKED} from orders where order_status = ? and ${clocksAgree()}
       and (create_time < now(3) - interval ? second or create_time > now(3) + interval ? second)
     order by create_time limit ? for update skip locked`,
    [OrderStatus.PENDING, query.seconds, query.seconds, query.limit],
  );
}

/**
 * Claims confirmed, unpaid orders past their payment deadline: for so many seconds no replica takes them up again.
 * Returns their ids.
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
