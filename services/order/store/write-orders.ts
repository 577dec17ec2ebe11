import type { Transaction } from "#platform/db/database.ts";
import { literal, NOW } from "#platform/db/sql.ts";
import { insertRows, updateRows } from "#platform/db/statements.ts";
import type { Refusal } from "#platform/values/refusal.ts";
import { encodeRefusal } from "#platform/values/refusal-bytes.ts";
import {
  type CancelReason,
  ORDER_STATUS,
  type OrderStatus,
  PAY_STATUS,
  type PayStatus,
  type PlannedOrder,
  SHIPPING_STATUS,
} from "../domain/order.ts";

/** Who changed an order, and through what: "user:7", "PlaceOrder". */
export type Cause = { actor: string; cause: string; detail?: string };

export type RequestKey = { userId: bigint; requestId: string };
/** What an earlier request with the same key has come to. */
export type KnownRequest = RequestKey & { orderId: bigint; fingerprint: Buffer };

/** Orders as a transaction that changes them has locked them. */
export type LockedOrder = {
  orderId: bigint;
  userId: bigint;
  orderStatus: OrderStatus;
  payStatus: PayStatus;
  version: number;
  couponId: bigint;
  balanceCents: bigint;
  orderAmountCents: bigint;
  createTime: Date;
  /** The database's time in this transaction. */
  now: Date;
};

const LOCKED = `order_id as orderId, user_id as userId, order_status as orderStatus,
  pay_status as payStatus, version, coupon_id as couponId, balance_paid_cents as balanceCents,
  order_amount_cents as orderAmountCents, create_time as createTime, now(3) as now`;

export async function findRequests(
  tx: Transaction,
  keys: readonly RequestKey[],
): Promise<KnownRequest[]> {
  const wanted = keys.map(
    (key) =>
      `select ${literal(key.userId)} as user_id, _ascii${literal(key.requestId)} collate ascii_bin as request_id`,
  );
  return tx.select<KnownRequest>(
    `select o.order_id as orderId, o.user_id as userId, o.request_id as requestId,
       o.request_fingerprint as fingerprint
     from (${wanted.join(" union all ")}) k
     join orders o on o.user_id = k.user_id and o.request_id = k.request_id`,
  );
}

/** Writes the durable intent: orders as PENDING, with lines and the first entry of their history. */
export async function insertPending(
  tx: Transaction,
  orders: readonly (PlannedOrder & { fingerprint: Buffer; actor: string })[],
): Promise<void> {
  await insertRows(
    tx,
    "orders",
    orders.map((order) => ({
      order_id: order.orderId,
      user_id: order.userId,
      request_id: order.requestId,
      request_fingerprint: order.fingerprint,
      order_status: ORDER_STATUS.PENDING,
      consignee: order.address.consignee,
      mobile: order.address.mobile,
      address_text: order.address.text,
      goods_amount_cents: order.goodsAmountCents,
      shipping_fee_cents: order.shippingFeeCents,
      order_amount_cents: order.orderAmountCents,
      coupon_id: order.couponId,
      balance_paid_cents: order.balanceCents,
    })),
  );
  await insertRows(
    tx,
    "order_lines",
    orders.flatMap((order) =>
      order.lines.map((line, index) => ({
        order_id: order.orderId,
        line_number: index + 1,
        goods_id: line.goodsId,
        quantity: line.quantity,
        unit_price_cents: line.unitPriceCents,
      })),
    ),
  );
  await insertHistory(
    tx,
    orders.map((order) => ({
      orderId: order.orderId,
      version: 1,
      orderStatus: ORDER_STATUS.PENDING,
      payStatus: PAY_STATUS.UNPAID,
      by: { actor: order.actor, cause: "PlaceOrder" },
    })),
  );
}

/** Locks the orders, in the order of their ids; unknown ids are left out. */
export async function lockOrders(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<Map<bigint, LockedOrder>> {
  const rows = await tx.select<LockedOrder>(
    `select ${LOCKED} from orders force index (primary)
     where order_id in (?) order by order_id for update`,
    [orderIds],
  );
  return new Map(rows.map((row) => [row.orderId, row]));
}

/** Locks pending orders older than `seconds` that no other transaction has locked. */
export function lockAbandoned(
  tx: Transaction,
  query: { seconds: number; limit: number },
): Promise<LockedOrder[]> {
  return tx.select<LockedOrder>(
    `select ${LOCKED} from orders where order_status = ? and create_time < now(3) - interval ? second
     order by create_time limit ? for update skip locked`,
    [ORDER_STATUS.PENDING, query.seconds, query.limit],
  );
}

/** Locks confirmed, unpaid orders past their payment deadline that no other transaction has locked. */
export function lockOverdue(tx: Transaction, query: { limit: number }): Promise<LockedOrder[]> {
  return tx.select<LockedOrder>(
    `select ${LOCKED} from orders where order_status = ? and pay_status = ? and pay_deadline <= now(3)
     order by pay_deadline limit ? for update skip locked`,
    [ORDER_STATUS.CONFIRMED, PAY_STATUS.UNPAID, query.limit],
  );
}

export type Confirmation = {
  order: LockedOrder;
  payStatus: PayStatus;
  version: number;
  couponPaidCents: bigint;
  payAmountCents: bigint;
  payTime: Date | null;
  payDeadline: Date;
};

export async function writeConfirmed(
  tx: Transaction,
  confirmations: readonly Confirmation[],
): Promise<void> {
  const matched = await updateRows(
    tx,
    {
      table: "orders",
      key: "order_id",
      set: [
        "order_status",
        "pay_status",
        "version",
        "coupon_paid_cents",
        "pay_amount_cents",
        "confirm_time",
        "pay_time",
        "pay_deadline",
      ],
      guard: `t.order_status = ${ORDER_STATUS.PENDING}`,
    },
    confirmations.map((confirmation) => ({
      order_id: confirmation.order.orderId,
      order_status: ORDER_STATUS.CONFIRMED,
      pay_status: confirmation.payStatus,
      version: confirmation.version,
      coupon_paid_cents: confirmation.couponPaidCents,
      pay_amount_cents: confirmation.payAmountCents,
      confirm_time: confirmation.order.now,
      pay_time: confirmation.payTime,
      pay_deadline: confirmation.payDeadline,
    })),
  );
  mustMatch("confirmed", matched, confirmations.length);
}

export async function writeCancelled(
  tx: Transaction,
  cancellations: readonly {
    order: LockedOrder;
    version: number;
    reason: CancelReason;
    failure: Refusal | undefined;
  }[],
): Promise<void> {
  const matched = await updateRows(
    tx,
    {
      table: "orders",
      key: "order_id",
      set: ["order_status", "version", "cancel_reason", "failure", "close_time"],
      guard: `t.order_status in (${ORDER_STATUS.PENDING}, ${ORDER_STATUS.CONFIRMED})`,
    },
    cancellations.map(({ order, version, reason, failure }) => ({
      order_id: order.orderId,
      order_status: ORDER_STATUS.CANCELLED,
      version,
      cancel_reason: reason,
      failure: failure && encodeRefusal(failure),
      close_time: NOW,
    })),
  );
  mustMatch("cancelled", matched, cancellations.length);
}

export type HistoryEntry = {
  orderId: bigint;
  version: number;
  orderStatus: OrderStatus;
  payStatus: PayStatus;
  by: Cause;
};

export async function insertHistory(
  tx: Transaction,
  entries: readonly HistoryEntry[],
): Promise<void> {
  await insertRows(
    tx,
    "order_history",
    entries.map(({ by, ...entry }) => ({
      order_id: entry.orderId,
      version: entry.version,
      order_status: entry.orderStatus,
      pay_status: entry.payStatus,
      shipping_status: SHIPPING_STATUS.NOT_SHIPPED,
      actor: by.actor,
      cause: by.cause,
      detail: by.detail ?? "",
    })),
  );
}

/** The rows were locked in this transaction, so a guard that does not hold is a fault of ours. */
function mustMatch(what: string, matched: number, expected: number): void {
  if (matched !== expected) {
    throw new Error(`${matched} of ${expected} locked orders could be ${what}`);
  }
}
