import type { Transaction } from "#platform/db/database.ts";
import { updateRows } from "#platform/db/rows.ts";
import { NOW } from "#platform/db/sql.ts";
import type { Refusal } from "#platform/values/refusal.ts";
import { encodeRefusal } from "#platform/values/refusal-bytes.ts";
import { type CancelReason, OrderStatus, type PayStatus } from "../domain/order.ts";
import { ORDERS } from "./entities.ts";
import type { LockedOrder } from "./lock-orders.ts";

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

/** Writes the confirmation of orders that this transaction has locked as PENDING. */
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

/** Writes the cancellation of orders that this transaction has locked. */
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
  mustMatch("advanced", matched, orders.length);
}

/** The rows are locked, so a condition that they do not meet is a bug of the caller. */
function mustMatch(what: string, matched: number, expected: number): void {
  if (matched !== expected) {
    throw new Error(
      `${matched} of ${expected} orders could be ${what}; the others are in another state`,
    );
  }
}
