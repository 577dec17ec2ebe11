import type { Transaction } from "#platform/db/database.ts";
import { insertRows, updateRows } from "#platform/db/rows.ts";
import { literal, NOW } from "#platform/db/sql.ts";
import type { Refusal } from "#platform/values/refusal.ts";
import { encodeRefusal } from "#platform/values/refusal-bytes.ts";
import { type CancelReason, OrderStatus, PayStatus, ShippingStatus } from "../domain/order.ts";
import type { OrderState } from "../domain/order-state.ts";
import type { PlannedOrder } from "../domain/place-request.ts";
import { ORDER_HISTORY, ORDER_LINES, ORDERS } from "./entities.ts";
import type { LockedOrder } from "./lock-orders.ts";

/** Who changed an order, and through what: "user:7", "PlaceOrder". */
export type Cause = { actor: string; cause: string; detail?: string };

export type RequestKey = { userId: bigint; requestId: string };
/** The order that an earlier request with the same key made. */
export type KnownRequest = RequestKey & { orderId: bigint; fingerprint: Buffer };

/** The earlier requests among these. Omits the new ones. */
export async function findRequests(
  tx: Transaction,
  keys: readonly RequestKey[],
): Promise<KnownRequest[]> {
  const wanted = keys.map(
    ({ userId, requestId }) =>
      `select ${literal(userId)} as user_id, _ascii${literal(requestId)} collate ascii_bin as request_id`,
  );
  return tx.select<KnownRequest>(
    `select ${ORDERS.pickAs("o", "orderId", "userId", "requestId").sql},
       o.request_fingerprint as fingerprint
     from (${wanted.join(" union all ")}) k
     join orders o on o.user_id = k.user_id and o.request_id = k.request_id`,
  );
}

/** Inserts orders as PENDING, with their lines and the first entry of their history. */
export async function insertPending(
  tx: Transaction,
  orders: readonly (PlannedOrder & { fingerprint: Buffer; actor: string })[],
): Promise<void> {
  await insertRows(
    tx,
    ORDERS,
    orders.map((order) => ({
      ...order,
      requestFingerprint: order.fingerprint,
      orderStatus: OrderStatus.PENDING,
      consignee: order.address.consignee,
      mobile: order.address.mobile,
      addressText: order.address.text,
    })),
  );
  await insertRows(
    tx,
    ORDER_LINES,
    orders.flatMap(({ orderId, lines }) =>
      lines.map((line, index) => ({ ...line, orderId, lineNumber: index + 1 })),
    ),
  );
  await insertHistory(
    tx,
    orders.map(({ orderId, actor }) => ({
      orderId,
      version: 1,
      orderStatus: OrderStatus.PENDING,
      payStatus: PayStatus.UNPAID,
      shippingStatus: ShippingStatus.NOT_SHIPPED,
      by: { actor, cause: "PlaceOrder" },
    })),
  );
}

/** The fields of an order that its confirmation sets. */
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
    ORDERS,
    {
      key: "orderId",
      set: [
        "orderStatus",
        "payStatus",
        "version",
        "couponPaidCents",
        "payAmountCents",
        "confirmTime",
        "payTime",
        "payDeadline",
        "expiryTime",
      ],
      where: { orderStatus: OrderStatus.PENDING },
    },
    confirmations.map(({ order, ...confirmation }) => ({
      ...confirmation,
      orderId: order.orderId,
      orderStatus: OrderStatus.CONFIRMED,
      confirmTime: order.now,
      expiryTime: confirmation.payDeadline,
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
    ORDERS,
    {
      key: "orderId",
      set: ["orderStatus", "version", "cancelReason", "failure", "closeTime"],
      where: { orderStatus: [OrderStatus.PENDING, OrderStatus.CONFIRMED] },
    },
    cancellations.map(({ order, version, reason, failure }) => ({
      orderId: order.orderId,
      orderStatus: OrderStatus.CANCELLED,
      version,
      cancelReason: reason,
      failure: failure && encodeRefusal(failure),
      closeTime: NOW,
    })),
  );
  mustMatch("cancelled", matched, cancellations.length);
}

/** Writes orders that this transaction has locked and taken through a transition. */
export async function writeTransitioned(
  tx: Transaction,
  orders: readonly LockedOrder[],
): Promise<void> {
  const matched = await updateRows(
    tx,
    ORDERS,
    {
      key: "orderId",
      set: [
        "orderStatus",
        "payStatus",
        "shippingStatus",
        "version",
        "paymentId",
        "payTime",
        "shipTime",
        "closeTime",
        "trackingNumber",
      ],
    },
    orders,
  );
  mustMatch("changed", matched, orders.length);
}

export type HistoryEntry = OrderState & { orderId: bigint; version: number; by: Cause };

export async function insertHistory(
  tx: Transaction,
  entries: readonly HistoryEntry[],
): Promise<void> {
  await insertRows(
    tx,
    ORDER_HISTORY,
    entries.map(({ by, ...entry }) => ({ ...entry, ...by, detail: by.detail ?? "" })),
  );
}

/** The rows are locked, so a condition that they do not meet is a bug. */
function mustMatch(what: string, matched: number, expected: number): void {
  if (matched !== expected) {
    throw new Error(`${matched} of ${expected} locked orders could be ${what}`);
  }
}
