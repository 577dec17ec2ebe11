import { isDue } from "#platform/db/clock.ts";
import type { Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { NOW } from "#platform/db/sql.ts";
import { insertRows } from "#platform/db/statements.ts";
import { RefundStatus } from "../domain/refund.ts";
import { inMs } from "./payments.ts";

export type RefundRow = {
  refundId: bigint;
  paymentId: bigint;
  orderId: bigint;
  amountCents: bigint;
  status: RefundStatus;
  failure: string;
  attempt: number;
  tries: number;
};

const COLUMNS = `refund_id as refundId, payment_id as paymentId, order_id as orderId,
  amount_cents as amountCents, status, failure, attempt, tries`;

export async function lockRefunds(
  tx: Transaction,
  refundIds: readonly bigint[],
): Promise<Map<bigint, RefundRow>> {
  const rows = await selectByIds<RefundRow>(
    tx,
    `select ${COLUMNS} from refunds force index (primary)
     where refund_id in (?) order by refund_id for update`,
    refundIds,
  );
  return new Map(rows.map((row) => [row.refundId, row]));
}

export async function insertRefunds(
  tx: Transaction,
  refunds: readonly Pick<RefundRow, "refundId" | "paymentId" | "orderId" | "amountCents">[],
): Promise<void> {
  await insertRows(
    tx,
    "refunds",
    refunds.map(({ refundId, paymentId, orderId, amountCents }) => ({
      refund_id: refundId,
      payment_id: paymentId,
      order_id: orderId,
      amount_cents: amountCents,
      status: RefundStatus.REQUESTED,
      next_try: NOW,
    })),
  );
}

/** Locks unfinished refunds that are due. Omits those that another transaction has locked. */
export async function lockDueRefunds(
  tx: Transaction,
  { limit, longestPauseMs }: { limit: number; longestPauseMs: number },
): Promise<RefundRow[]> {
  const due: RefundRow[] = [];
  // One status at a time: with both, MySQL sorts and locks all due rows before it applies the
  // limit.
  for (const status of [RefundStatus.REQUESTED, RefundStatus.FAILED]) {
    const rows = await tx.select<RefundRow>(
      `select ${COLUMNS} from refunds force index (refunds_to_try)
       where status = ? and ${isDue("next_try", longestPauseMs)}
       order by next_try limit ? for update skip locked`,
      [status, limit - due.length],
    );
    due.push(...rows);
  }
  return due;
}

/** Counts one try of these refunds. They are due again after `pauseMs`. */
export async function postponeRefunds(
  tx: Transaction,
  refundIds: readonly bigint[],
  pauseMs: number,
): Promise<void> {
  await tx.write("update refunds set tries = tries + 1, next_try = ? where refund_id in (?)", [
    inMs(pauseMs),
    refundIds,
  ]);
}

export async function writeRefundDone(
  tx: Transaction,
  refund: { refundId: bigint; status: RefundStatus },
): Promise<void> {
  await tx.write(
    "update refunds set status = ?, failure = '', finish_time = now(3) where refund_id = ?",
    [refund.status, refund.refundId],
  );
}

/** Ends the attempt. The next try is a new attempt. */
export async function writeRefundFailed(
  tx: Transaction,
  refund: { refundId: bigint; status: RefundStatus; failure: string },
): Promise<void> {
  await tx.write(
    "update refunds set status = ?, failure = ?, attempt = attempt + 1 where refund_id = ?",
    [refund.status, refund.failure, refund.refundId],
  );
}
