import type { Transaction } from "#platform/db/database.ts";
import { literal, NOW } from "#platform/db/sql.ts";
import { insertRows, updateRows } from "#platform/db/statements.ts";
import type { Refusal } from "#platform/values/refusal.ts";
import { encodeRefusal } from "#platform/values/refusal-bytes.ts";
import {
  type CancelReason,
  OrderStatus,
  PayStatus,
  type PlannedOrder,
  ShippingStatus,
} from "../domain/order.ts";
import type { OrderState } from "../domain/order-state.ts";
import type { LockedOrder } from "./lock-orders.ts";

/** Who changed an order, and through what: "user:7", "PlaceOrder". */
export type Cause = { actor: string; cause: string; detail?: string };

export type RequestKey = { userId: bigint; requestId: string };
/** What an earlier request with the same key has come to. */
export type KnownRequest = RequestKey & { orderId: bigint; fingerprint: Buffer };

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
      order_status: OrderStatus.PENDING,
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
      orderStatus: OrderStatus.PENDING,
      payStatus: PayStatus.UNPAID,
      shippingStatus: ShippingStatus.NOT_SHIPPED,
      by: { actor: order.actor, cause: "PlaceOrder" },
    })),
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
        "expiry_time",
      ],
      guard: `t.order_status = ${OrderStatus.PENDING}`,
    },
    confirmations.map((confirmation) => ({
      order_id: confirmation.order.orderId,
      order_status: OrderStatus.CONFIRMED,
      pay_status: confirmation.payStatus,
      version: confirmation.version,
      coupon_paid_cents: confirmation.couponPaidCents,
      pay_amount_cents: confirmation.payAmountCents,
      confirm_time: confirmation.order.now,
      pay_time: confirmation.payTime,
      pay_deadline: confirmation.payDeadline,
      expiry_time: confirmation.payDeadline,
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
      guard: `t.order_status in (${OrderStatus.PENDING}, ${OrderStatus.CONFIRMED})`,
    },
    cancellations.map(({ order, version, reason, failure }) => ({
      order_id: order.orderId,
      order_status: OrderStatus.CANCELLED,
      version,
      cancel_reason: reason,
      failure: failure && encodeRefusal(failure),
      close_time: NOW,
    })),
  );
  mustMatch("cancelled", matched, cancellations.length);
}

/** Writes orders that this transaction has locked and changed. */
export async function writeTransitioned(
  tx: Transaction,
  changed: readonly LockedOrder[],
): Promise<void> {
  const matched = await updateRows(
    tx,
    {
      table: "orders",
      key: "order_id",
      set: [
        "order_status",
        "pay_status",
        "shipping_status",
        "version",
        "payment_id",
        "pay_time",
        "ship_time",
        "close_time",
        "tracking_number",
      ],
    },
    changed.map((order) => ({
      order_id: order.orderId,
      order_status: order.orderStatus,
      pay_status: order.payStatus,
      shipping_status: order.shippingStatus,
      version: order.version,
      payment_id: order.paymentId,
      pay_time: order.payTime,
      ship_time: order.shipTime,
      close_time: order.closeTime,
      tracking_number: order.trackingNumber,
    })),
  );
  mustMatch("changed", matched, changed.length);
}

export type HistoryEntry = OrderState & { orderId: bigint; version: number; by: Cause };

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
      shipping_status: entry.shippingStatus,
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
