import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { latestMs } from "#platform/db/clock.ts";
import type { Transaction } from "#platform/db/database.ts";
import { CancelReason, OrderStatus, ShippingStatus } from "../../domain/order.ts";
import { applyTransition } from "../../domain/order-state.ts";
import { type HistoryEntry, insertHistory } from "../../store/history.ts";
import type { LockedOrder } from "../../store/lock-orders.ts";
import type { StoredOrder } from "../../store/read-orders.ts";
import { type Confirmation, writeConfirmed } from "../../store/write-orders.ts";
import type { OrderEvent, Parts } from "../parts.ts";
import { paidEvent } from "./paid-event.ts";
import { type Placing, soldLines } from "./placing.ts";

export type ToConfirm = { one: Placing; confirmation: Confirmation };

/** With nothing left to pay, the order goes through two transitions at once: confirmed and paid. */
export function confirmationOf(
  { rules }: Pick<Parts, "rules">,
  { one, order, payAmountCents }: { one: Placing; order: LockedOrder; payAmountCents: bigint },
): Confirmation {
  const confirmed = applyTransition(order, "confirm");
  const paid = payAmountCents === 0n;
  const { payStatus } = paid ? applyTransition(confirmed, "pay") : confirmed;
  return {
    order,
    lines: soldLines(one),
    payStatus,
    version: order.version + (paid ? 2 : 1),
    couponPaidCents: one.couponPaidCents,
    payAmountCents,
    payTime: paid ? order.now : null,
    payDeadline: new Date(latestMs(order.now) + rules.payDeadlineSeconds * 1_000),
  };
}

/** Confirms orders that this transaction has locked: the rows, their history and their events. */
export async function confirmLocked(
  tx: Transaction,
  parts: Pick<Parts, "outbox" | "watch">,
  confirming: ToConfirm[],
): Promise<void> {
  if (confirming.length === 0) return;
  await writeConfirmed(
    tx,
    confirming.map(({ confirmation }) => confirmation),
  );
  await insertHistory(tx, confirming.flatMap(historyOf));
  await parts.outbox.add(tx, confirming.flatMap(eventsOf));
  tx.afterCommit(() => parts.watch.notify(confirming.map(({ one }) => one.planned.orderId)));
}

function historyOf({ one, confirmation }: ToConfirm): HistoryEntry[] {
  const { order, payTime } = confirmation;
  const confirmed = applyTransition(order, "confirm");
  const entry = {
    orderId: order.orderId,
    version: order.version + 1,
    ...confirmed,
    by: { actor: one.entry.actor, cause: "PlaceOrder" },
  };
  if (!payTime) return [entry];
  const paid = { ...entry, version: entry.version + 1, ...applyTransition(confirmed, "pay") };
  return [entry, { ...paid, by: { ...entry.by, detail: "coupon and balance cover it" } }];
}

function eventsOf({ one, confirmation }: ToConfirm): OrderEvent[] {
  const { orderId, userId } = one.planned;
  const { payAmountCents, payDeadline, payTime, couponPaidCents } = confirmation;
  const { traceparent } = one.entry;
  const confirmed: OrderEvent = {
    fact: "order.v1.confirmed",
    message: { orderId, userId, payAmountCents, payDeadline: timestampFromDate(payDeadline) },
    aggregateId: orderId,
    traceparent,
  };
  if (!payTime) return [confirmed];
  const paid = { ...one.planned, paymentId: 0n, couponPaidCents, payTime, traceparent };
  return [confirmed, paidEvent(paid)];
}

/** The order as it is stored after `confirmLocked`, without reading it back. */
export function confirmedOrder({ one, confirmation }: ToConfirm): StoredOrder {
  const { planned } = one;
  const { order } = confirmation;
  const { consignee, mobile, text } = planned.address;
  return {
    ...planned,
    lines: [...confirmation.lines],
    orderStatus: OrderStatus.CONFIRMED,
    payStatus: confirmation.payStatus,
    shippingStatus: ShippingStatus.NOT_SHIPPED,
    version: confirmation.version,
    consignee,
    mobile,
    addressText: text,
    couponPaidCents: confirmation.couponPaidCents,
    payAmountCents: confirmation.payAmountCents,
    cancelReason: CancelReason.NONE,
    failure: null,
    createTime: order.createTime,
    confirmTime: order.now,
    payTime: confirmation.payTime,
    payDeadline: confirmation.payDeadline,
    shipTime: null,
    closeTime: null,
    trackingNumber: "",
    paymentId: 0n,
    refunds: [],
  };
}
