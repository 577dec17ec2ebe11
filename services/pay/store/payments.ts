import { isDue } from "#platform/db/clock.ts";
import type { Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { expression } from "#platform/db/sql.ts";
import { insertRows } from "#platform/db/statements.ts";
import { type PaymentState, PaymentStatus } from "../domain/payment.ts";

/** A payment whose row the transaction has locked. */
export type LockedPayment = PaymentState & {
  orderId: bigint;
  userId: bigint;
  provider: string;
  returnUrl: string;
  checkoutUrl: string;
};

/** An open payment to query or close at its provider. `checks` counts the earlier queries. */
export type DuePayment = LockedPayment & { closing: boolean; checks: number };

/** A payment that refunds are made of. */
export type PaidPayment = Pick<
  LockedPayment,
  "paymentId" | "provider" | "amountCents" | "currency" | "tradeId"
>;

const COLUMNS = `payment_id as paymentId, order_id as orderId, user_id as userId, provider, status,
  amount_cents as amountCents, currency, provider_trade_id as tradeId, return_url as returnUrl,
  checkout_url as checkoutUrl, refund_requested_cents as refundRequestedCents,
  refunded_cents as refundedCents`;

/** `skipLocked` omits payments that another transaction has locked, instead of waiting for it. */
export async function lockPayments(
  tx: Transaction,
  paymentIds: readonly bigint[],
  { skipLocked = false } = {},
): Promise<Map<bigint, LockedPayment>> {
  const rows = await selectByIds<LockedPayment>(
    tx,
    `select ${COLUMNS} from payments force index (primary)
     where payment_id in (?) order by payment_id for update${skipLocked ? " skip locked" : ""}`,
    paymentIds,
  );
  return new Map(rows.map((row) => [row.paymentId, row]));
}

export async function lockPayment(
  tx: Transaction,
  paymentId: bigint,
): Promise<LockedPayment | undefined> {
  return (await lockPayments(tx, [paymentId])).get(paymentId);
}

/** Locks all payments of these orders, oldest first. */
export function lockPaymentsOf(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<LockedPayment[]> {
  return selectByIds<LockedPayment>(
    tx,
    `select ${COLUMNS} from payments force index (payments_of_order)
     where order_id in (?) order by order_id, payment_id for update`,
    orderIds,
  );
}

/** The payment that has this trade id at this provider. */
export async function ownerOfTrade(
  tx: Transaction,
  trade: { provider: string; tradeId: string },
): Promise<bigint | undefined> {
  const [row] = await tx.select<{ paymentId: bigint }>(
    "select payment_id as paymentId from payments where provider = ? and provider_trade_id = ?",
    [trade.provider, trade.tradeId],
  );
  return row?.paymentId;
}

/** Reads payments that are paid. Needs no lock: these columns no longer change. */
export async function readPaid(
  tx: Transaction,
  paymentIds: readonly bigint[],
): Promise<Map<bigint, PaidPayment>> {
  const rows = await selectByIds<PaidPayment>(
    tx,
    `select payment_id as paymentId, provider, amount_cents as amountCents, currency,
       provider_trade_id as tradeId
     from payments where payment_id in (?)`,
    paymentIds,
  );
  return new Map(rows.map((row) => [row.paymentId, row]));
}

export async function insertPayment(
  tx: Transaction,
  payment: Omit<LockedPayment, "status" | "tradeId" | "checkoutUrl" | `refund${string}`> & {
    checkAfterMs: number;
  },
): Promise<void> {
  await insertRows(tx, "payments", [
    {
      payment_id: payment.paymentId,
      order_id: payment.orderId,
      user_id: payment.userId,
      provider: payment.provider,
      status: PaymentStatus.OPEN,
      amount_cents: payment.amountCents,
      currency: payment.currency,
      return_url: payment.returnUrl,
      next_check: inMs(payment.checkAfterMs),
    },
  ]);
}

export async function writeCheckout(
  tx: Transaction,
  payment: { paymentId: bigint; tradeId: string; checkoutUrl: string },
): Promise<void> {
  await tx.write(
    "update payments set provider_trade_id = ?, checkout_url = ? where payment_id = ?",
    [payment.tradeId, payment.checkoutUrl, payment.paymentId],
  );
}

/** For payments that this transaction has locked, with statuses decided under that lock. */
export async function writePaid(
  tx: Transaction,
  payments: readonly {
    paymentId: bigint;
    status: PaymentStatus;
    tradeId: string;
    payTime: Date;
  }[],
): Promise<void> {
  // One statement for each key: a join may scan the whole table, and wait for the lock of a payment
  // outside of the batch.
  for (const { paymentId, status, tradeId, payTime } of payments) {
    await tx.write(
      "update payments set status = ?, provider_trade_id = ?, pay_time = ? where payment_id = ?",
      [status, tradeId, payTime, paymentId],
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

/** Locks open payments that are due. Omits those that another transaction has locked. */
export async function lockDuePayments(
  tx: Transaction,
  { limit, longestPauseMs }: { limit: number; longestPauseMs: number },
): Promise<DuePayment[]> {
  const rows = await tx.select<Omit<DuePayment, "closing"> & { closing: number }>(
    `select ${COLUMNS}, closing, checks from payments force index (payments_to_check)
     where status = ? and ${isDue("next_check", longestPauseMs)}
     order by next_check limit ? for update skip locked`,
    [PaymentStatus.OPEN, limit],
  );
  return rows.map((row) => ({ ...row, closing: row.closing === 1 }));
}

/** Counts one query of these payments. They are due again after `pauseMs`. */
export async function postponeChecks(
  tx: Transaction,
  paymentIds: readonly bigint[],
  pauseMs: number,
): Promise<void> {
  await tx.write(
    "update payments set checks = checks + 1, next_check = ? where payment_id in (?)",
    [inMs(pauseMs), paymentIds],
  );
}

/** This many milliseconds from now, by the clock of the database. */
export function inMs(ms: number) {
  return expression(`now(3) + interval ${Math.round(ms) * 1_000} microsecond`);
}
