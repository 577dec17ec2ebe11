import { isDue } from "#platform/db/clock.ts";
import type { Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import type { RowOf } from "#platform/db/tables.ts";
import { PaymentStatus } from "../domain/payment.ts";
import { PAYMENTS } from "./entities.ts";
import { inMs } from "./times.ts";

const LOCKED = PAYMENTS.pick(
  "paymentId",
  "orderId",
  "userId",
  "provider",
  "status",
  "amountCents",
  "currency",
  "tradeId",
  "providerReferences",
  "returnUrl",
  "checkoutUrl",
  "checkoutAction",
  "createTime",
  "expireTime",
  "refundRequestedCents",
  "refundedCents",
);
const QUERIES = PAYMENTS.pick("closing", "checks");
const ID = PAYMENTS.pick("paymentId");
const ORDER = PAYMENTS.pick("orderId");
const UNPAID = [PaymentStatus.OPEN, PaymentStatus.CLOSED].join(", ");

/** A payment whose row the transaction has locked. */
export type LockedPayment = RowOf<typeof LOCKED>;

/** An open payment to query or close at its provider. `checks` counts the earlier queries. */
export type DuePayment = LockedPayment & { closing: boolean; checks: number };

/**
 * Locks the payments in the order of their ids. Omits unknown ids, and with `skipLocked` payments
 * that another transaction has locked, instead of waiting for it.
 */
export async function lockPayments(
  tx: Transaction,
  paymentIds: readonly bigint[],
  { skipLocked = false } = {},
): Promise<Map<bigint, LockedPayment>> {
  const rows = await selectByIds<LockedPayment>(
    tx,
    `select ${LOCKED.sql} from payments force index (primary)
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
    `select ${LOCKED.sql} from payments force index (payments_of_order)
     where order_id in (?) order by order_id, payment_id for update`,
    orderIds,
  );
}

/** The payment that has this trade id at this provider. */
export async function ownerOfTrade(
  tx: Transaction,
  trade: { provider: string; tradeId: string },
): Promise<bigint | undefined> {
  const [row] = await tx.select<RowOf<typeof ID>>(
    `select ${ID.sql} from payments where provider = ? and provider_trade_id = ?`,
    [trade.provider, trade.tradeId],
  );
  return row?.paymentId;
}

/** Locks open payments that are due. Omits those that another transaction has locked. */
export async function lockDuePayments(
  tx: Transaction,
  { limit, longestPauseMs }: { limit: number; longestPauseMs: number },
): Promise<DuePayment[]> {
  const rows = await tx.select<LockedPayment & RowOf<typeof QUERIES>>(
    `select ${LOCKED.sql}, ${QUERIES.sql} from payments force index (payments_to_check)
     where status = ? and ${isDue("next_check", longestPauseMs)}
     order by next_check limit ? for update skip locked`,
    [PaymentStatus.OPEN, limit],
  );
  return rows.map((row) => ({ ...row, closing: row.closing === 1 }));
}

/** Those of the orders that have a payment that came in. Locks nothing. */
export async function ordersWithMoney(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<Set<bigint>> {
  const rows = await selectByIds<RowOf<typeof ORDER>>(
    tx,
    `select ${ORDER.sql} from payments where order_id in (?) and status not in (${UNPAID})`,
    orderIds,
  );
  return new Set(rows.map(({ orderId }) => orderId));
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
