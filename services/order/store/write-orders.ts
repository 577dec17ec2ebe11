import type { Transaction } from "#platform/db/database.ts";
import { updateRows } from "#platform/db/rows.ts";
import { literal, NOW } from "#platform/db/sql.ts";
import type { Refusal } from "#platform/values/refusal.ts";
import { encodeRefusal } from "#platform/values/refusal-bytes.ts";
import {
  type CancelReason,
  OrderStatus,
  type PayStatus,
  ShippingStatus,
  type SoldLine,
} from "../domain/order.ts";
import { ORDERS } from "./entities.ts";
import type { LockedOrder } from "./lock-orders.ts";

/** Lines of one statement. */
const NAMED_LINES = 1_000;

/** The fields of an order that its confirmation sets. */
export type Confirmation = {
  order: LockedOrder;
  /** In the order of the request, as `insertPending` numbered them. */
  lines: readonly SoldLine[];
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
  await writeNames(tx, confirmations);
}

/** Sets how the goods were called when they were sold. Costs no round trip of its own. */
async function writeNames(
  tx: Transaction,
  confirmations: readonly Pick<Confirmation, "order" | "lines">[],
): Promise<void> {
  const rows = confirmations.flatMap(({ order, lines }) =>
    lines.map(({ name, sku }, index) => {
      const [id, number] = [literal(order.orderId), literal(index + 1)];
      return `select ${id} as id, ${number} as number, ${literal(name)} as name, ${literal(sku)} as sku`;
    }),
  );
  for (let start = 0; start < rows.length; start += NAMED_LINES) {
    const named = rows.slice(start, start + NAMED_LINES).join(" union all ");
    await tx.write(
      `update order_lines l join (${named}) v on l.order_id = v.id and l.line_number = v.number
       set l.name = v.name, l.sku = v.sku`,
    );
  }
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

/**
 * Writes orders that this transaction has locked and taken through a transition. An order that is
 * not on its way to the shopper has no time at which it completes.
 */
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
        "completeAfter",
      ],
    },
    orders.map((order) => (isOnItsWay(order) ? order : { ...order, completeAfter: null })),
  );
  mustMatch("advanced", matched, orders.length);
}

function isOnItsWay({ orderStatus, shippingStatus }: LockedOrder): boolean {
  return orderStatus === OrderStatus.CONFIRMED && shippingStatus === ShippingStatus.SHIPPED;
}

/** The rows are locked, so a condition that they do not meet is a bug of the caller. */
function mustMatch(what: string, matched: number, expected: number): void {
  if (matched !== expected) {
    throw new Error(
      `${matched} of ${expected} orders could be ${what}; the others are in another state`,
    );
  }
}
