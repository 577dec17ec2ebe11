import type { Transaction } from "#platform/db/database.ts";
import { insertRows } from "#platform/db/rows.ts";
import { PaymentStatus } from "../domain/payment.ts";
import { PAYMENTS } from "./entities.ts";
import type { LockedPayment } from "./lock-payments.ts";
import { inMs } from "./times.ts";

type NewPayment = Pick<
  LockedPayment,
  | "paymentId"
  | "orderId"
  | "userId"
  | "provider"
  | "amountCents"
  | "currency"
  | "returnUrl"
  | "createTime"
  | "expireTime"
>;

const NEW_PAYMENT = [
  "paymentId",
  "orderId",
  "userId",
  "provider",
  "status",
  "amountCents",
  "currency",
  "returnUrl",
  "createTime",
  "expireTime",
  "nextCheck",
] as const;

/** Inserts a payment as OPEN. Its first query is due after `checkAfterMs`. */
export async function insertPayment(
  tx: Transaction,
  { checkAfterMs, ...payment }: NewPayment & { checkAfterMs: number },
): Promise<void> {
  const row = { ...payment, status: PaymentStatus.OPEN, nextCheck: inMs(checkAfterMs) };
  await insertRows(tx, PAYMENTS, NEW_PAYMENT, [row]);
}

/** What the provider answered when it opened a payment. */
export async function writeOpened(
  tx: Transaction,
  payment: Pick<
    LockedPayment,
    "paymentId" | "tradeId" | "providerReferences" | "checkoutUrl" | "checkoutAction" | "returnUrl"
  >,
): Promise<void> {
  const { paymentId, tradeId, providerReferences, checkoutUrl, checkoutAction } = payment;
  await tx.write(
    `update payments set provider_trade_id = ?, provider_references = ?, checkout_url = ?,
       checkout_action = ?, return_url = ? where payment_id = ?`,
    [tradeId, providerReferences, checkoutUrl, checkoutAction, payment.returnUrl, paymentId],
  );
}

export async function writeReferences(
  tx: Transaction,
  payment: { paymentId: bigint; providerReferences: string | null },
): Promise<void> {
  await tx.write("update payments set provider_references = ? where payment_id = ?", [
    payment.providerReferences,
    payment.paymentId,
  ]);
}

/** For payments that this transaction has locked, with statuses decided under that lock. */
export async function writePaid(
  tx: Transaction,
  payments: readonly {
    paymentId: bigint;
    status: PaymentStatus;
    tradeId: string;
    providerReferences: string | null;
    payTime: Date;
  }[],
): Promise<void> {
  // One statement for each key: a join may scan the whole table, and wait for the lock of a payment
  // outside of the batch.
  for (const { paymentId, status, tradeId, providerReferences, payTime } of payments) {
    await tx.write(
      `update payments set status = ?, provider_trade_id = ?, provider_references = ?, pay_time = ?
       where payment_id = ?`,
      [status, tradeId, providerReferences, payTime, paymentId],
    );
  }
}

export async function writeClosed(
  tx: Transaction,
  payment: { paymentId: bigint; status: PaymentStatus },
): Promise<void> {
  await tx.write("update payments set status = ?, close_time = now(3) where payment_id = ?", [
    payment.status,
    payment.paymentId,
  ]);
}

export async function writeRefundRequested(
  tx: Transaction,
  payment: { paymentId: bigint; refundRequestedCents: bigint },
): Promise<void> {
  await tx.write("update payments set refund_requested_cents = ? where payment_id = ?", [
    payment.refundRequestedCents,
    payment.paymentId,
  ]);
}

export async function writeRefunded(
  tx: Transaction,
  payment: { paymentId: bigint; status: PaymentStatus; refundedCents: bigint },
): Promise<void> {
  await tx.write("update payments set status = ?, refunded_cents = ? where payment_id = ?", [
    payment.status,
    payment.refundedCents,
    payment.paymentId,
  ]);
}

/** Sends no further refund of the payment to its provider before `waitMs` have passed. */
export async function writeRefundAfter(
  tx: Transaction,
  { paymentId, waitMs }: { paymentId: bigint; waitMs: number },
): Promise<void> {
  await tx.write("update payments set refund_after = ? where payment_id = ?", [
    inMs(waitMs),
    paymentId,
  ]);
}

/** Makes an open payment due for a query at once, and gives it the references. */
export async function writeMoved(
  tx: Transaction,
  payment: { paymentId: bigint; providerReferences: string | null },
): Promise<void> {
  await tx.write(
    `update payments set provider_references = ?, checks = 0, next_check = now(3)
     where payment_id = ? and status = ?`,
    [payment.providerReferences, payment.paymentId, PaymentStatus.OPEN],
  );
}

/** Marks open payments of these orders to be closed. The sweep may take them after `afterMs`. */
export async function markClosing(
  tx: Transaction,
  orderIds: readonly bigint[],
  afterMs: number,
): Promise<void> {
  await tx.write(
    `update payments force index (payments_of_order) set closing = 1, checks = 0, next_check = ?
     where order_id in (?) and status = ? and closing = 0`,
    [inMs(afterMs), orderIds, PaymentStatus.OPEN],
  );
}
