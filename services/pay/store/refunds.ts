import { isDue } from "#platform/db/clock.ts";
import type { Transaction } from "#platform/db/database.ts";
import { insertRows } from "#platform/db/rows.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { NOW } from "#platform/db/sql.ts";
import type { RowOf } from "#platform/db/tables.ts";
import { RefundStatus } from "../domain/refund.ts";
import { REFUNDS } from "./entities.ts";
import { inMs } from "./times.ts";

const LOCKED = REFUNDS.pick(
  "refundId",
  "paymentId",
  "orderId",
  "amountCents",
  "status",
  "failure",
  "attempt",
  "tries",
);

export type RefundRow = RowOf<typeof LOCKED>;

/** Locks the refunds in the order of their ids. Omits unknown ids. */
export async function lockRefunds(
  tx: Transaction,
  refundIds: readonly bigint[],
): Promise<Map<bigint, RefundRow>> {
  const rows = await selectByIds<RefundRow>(
    tx,
    `select ${LOCKED.sql} from refunds force index (primary)
     where refund_id in (?) order by refund_id for update`,
    refundIds,
  );
  return new Map(rows.map((row) => [row.refundId, row]));
}

/** Inserts refunds as REQUESTED, due at once. */
export async function insertRefunds(
  tx: Transaction,
  refunds: readonly Pick<RefundRow, "refundId" | "paymentId" | "orderId" | "amountCents">[],
): Promise<void> {
  await insertRows(
    tx,
    REFUNDS,
    ["refundId", "paymentId", "orderId", "amountCents", "status", "nextTry"],
    refunds.map((refund) => ({ ...refund, status: RefundStatus.REQUESTED, nextTry: NOW })),
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
      `select ${LOCKED.sql} from refunds force index (refunds_to_try)
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
