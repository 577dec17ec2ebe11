import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { latestMs } from "#platform/db/clock.ts";
import type { Transaction } from "#platform/db/database.ts";
import { Refusal } from "#platform/values/refusal.ts";
import { payAmount } from "../../domain/amounts.ts";
import { CancelReason, OrderStatus, ShippingStatus } from "../../domain/order.ts";
import { applyTransition } from "../../domain/order-state.ts";
import type { StoredOrder } from "../../store/entities.ts";
import { type LockedOrder, lockOrders } from "../../store/lock-orders.ts";
import { readOrders } from "../../store/read-orders.ts";
import {
  type Confirmation,
  type HistoryEntry,
  insertHistory,
  writeConfirmed,
} from "../../store/write-orders.ts";
import type { OrderEvent, Parts } from "../parts.ts";
import { cancelLocked, type ToCancel } from "./cancellation.ts";
import { paidEvent } from "./paid-event.ts";
import { outcomeOf } from "./place-outcome.ts";
import type { Placed, Placing } from "./placing.ts";

type Confirming = { one: Placing; confirmation: Confirmation };

/**
 * Gives every order of the batch its outcome in one transaction: confirmed with its events, or cancelled with the event
 * that gives everything back. An order that is no longer pending was decided before, by recovery or by this very
 * transaction when the answer to its commit was lost: what the row says is the outcome.
 */
export async function settleOrders(parts: Parts, placing: Placing[]): Promise<Map<bigint, Placed>> {
  const { outcomes, decided } = await parts.database.transact("settle-orders", async (tx) => {
    const outcomes = new Map<bigint, Placed>();
    const decided: bigint[] = [];
    const locked = await lockOrders(
      tx,
      placing.map(({ planned }) => planned.orderId),
    );
    const confirming: Confirming[] = [];
    const cancelling: ToCancel[] = [];
    for (const one of placing) {
      const order = locked.get(one.planned.orderId);
      if (!order) throw new Error(`order ${one.planned.orderId} was saved and is not there`);
      if (order.orderStatus !== OrderStatus.PENDING) {
        decided.push(order.orderId);
        continue;
      }
      const left = payAmount({ ...one.planned, couponPaidCents: one.couponPaidCents });
      const refusal = one.refusal ?? (left instanceof Refusal ? left : undefined);
      if (refusal) {
        cancelling.push(cancellationOf(one, order, refusal));
        outcomes.set(order.orderId, { kind: "refused", refusal });
      } else {
        const confirmation = confirmationOf(parts, { one, order, payAmountCents: left as bigint });
        confirming.push({ one, confirmation });
        outcomes.set(order.orderId, {
          kind: "confirmed",
          order: confirmedOrder(one, confirmation),
        });
      }
    }
    await confirm(tx, parts, confirming);
    await cancelLocked(tx, parts, cancelling);
    return { outcomes, decided };
  });
  for (const order of await readOrders(parts.database, { orderIds: decided })) {
    outcomes.set(order.orderId, outcomeOf(order));
  }
  return outcomes;
}

function cancellationOf(one: Placing, order: LockedOrder, failure: Refusal): ToCancel {
  const { actor, traceparent } = one.entry;
  return {
    order,
    transition: "fail",
    consumers: [...one.held],
    failure,
    by: { actor, cause: "PlaceOrder", detail: failure.message.slice(0, 500) },
    traceparent,
  };
}

/** With nothing left to pay the order is confirmed and paid in one go, as two changes. */
function confirmationOf(
  parts: Parts,
  { one, order, payAmountCents }: { one: Placing; order: LockedOrder; payAmountCents: bigint },
): Confirmation {
  const confirmed = applyTransition(order, "confirm");
  const paid = payAmountCents === 0n;
  const { payStatus } = paid ? applyTransition(confirmed, "pay") : confirmed;
  return {
    order,
    payStatus,
    version: order.version + (paid ? 2 : 1),
    couponPaidCents: one.couponPaidCents,
    payAmountCents,
    payTime: paid ? order.now : null,
    payDeadline: new Date(latestMs(order.now) + parts.rules.payDeadlineSeconds * 1_000),
  };
}

async function confirm(tx: Transaction, parts: Parts, confirming: Confirming[]): Promise<void> {
  if (confirming.length === 0) return;
  await writeConfirmed(
    tx,
    confirming.map(({ confirmation }) => confirmation),
  );
  await insertHistory(tx, confirming.flatMap(historyOf));
  await parts.outbox.add(tx, confirming.flatMap(eventsOf));
  tx.afterCommit(() => parts.watch.notify(confirming.map(({ one }) => one.planned.orderId)));
}

function historyOf({ one, confirmation }: Confirming): HistoryEntry[] {
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

function eventsOf({ one, confirmation }: Confirming) {
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

/** The row as it has just been written, without reading it back. */
function confirmedOrder(one: Placing, confirmation: Confirmation): StoredOrder {
  const { planned } = one;
  const { order } = confirmation;
  const { consignee, mobile, text } = planned.address;
  return {
    ...planned,
    orderStatus: OrderStatus.CONFIRMED,
    payStatus: confirmation.payStatus,
    shippingStatus: ShippingStatus.NOT_SHIPPED,
    version: confirmation.version,
    consignee,
    mobile,
    addressText: text,
    couponPaidCents: confirmation.couponPaidCents,
    balancePaidCents: planned.balanceCents,
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
    lines: planned.lines.map((line, index) => {
      return { ...line, orderId: planned.orderId, lineNumber: index + 1 };
    }),
  };
}
