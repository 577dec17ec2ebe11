import { isDue } from "#platform/db/clock.ts";
import type { Transaction } from "#platform/db/database.ts";
import { insertRows, updateSql } from "#platform/db/rows.ts";
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
  "sentAttempt",
  "reference",
  "reopens",
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
  const { REQUESTED, FAILED, PENDING, REQUIRES_ACTION } = RefundStatus;
  // One status at a time: with several, MySQL sorts and locks all due rows before it applies the
  // limit.
  for (const status of [REQUESTED, FAILED, PENDING, REQUIRES_ACTION]) {
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

/** What decides when a payment's next refund may be sent. */
export type RefundSlot = {
  /** Milliseconds until the provider accepts another refund of the payment; 0 or less: now. */
  waitMs: number;
  /** Numbers of its refunds that the provider may know. */
  sentNumbers: number;
};

/** The slots of payments whose rows this transaction has locked. */
export async function readSlots(
  tx: Transaction,
  paymentIds: readonly bigint[],
): Promise<Map<bigint, RefundSlot>> {
  const rows = await selectByIds<{ paymentId: bigint; waitMs: unknown; sentNumbers: unknown }>(
    tx,
    `select p.payment_id as paymentId,
       coalesce(timestampdiff(microsecond, now(3), p.refund_after), 0) / 1000 as waitMs,
       (select coalesce(sum(r.sent_attempt), 0) from refunds r
        where r.payment_id = p.payment_id) as sentNumbers
     from payments p where p.payment_id in (?)`,
    paymentIds,
  );
  return new Map(
    rows.map(({ paymentId, waitMs, sentNumbers }) => [
      paymentId,
      { waitMs: Number(waitMs), sentNumbers: Number(sentNumbers) },
    ]),
  );
}

/** Counts one try of a refund that this transaction has locked. It is due again after `pauseMs`. */
export async function writeTry(
  tx: Transaction,
  refund: Pick<RefundRow, "refundId" | "sentAttempt"> & { pauseMs: number },
): Promise<void> {
  await tx.write(
    "update refunds set tries = tries + 1, sent_attempt = ?, next_try = ? where refund_id = ?",
    [refund.sentAttempt, inMs(refund.pauseMs), refund.refundId],
  );
}

type Changes = Partial<Omit<RefundRow, "refundId" | "paymentId" | "orderId" | "amountCents">> & {
  /** Whether the refund is finished now; undefined leaves its finish time. */
  finished?: boolean;
  /** When it is tried next. */
  pauseMs?: number;
};

/** Changes a refund that this transaction has locked. */
export async function writeRefund(
  tx: Transaction,
  refundId: bigint,
  { finished, pauseMs, ...changes }: Changes,
): Promise<void> {
  const times = {
    ...(finished !== undefined && { finishTime: finished ? NOW : null }),
    ...(pauseMs !== undefined && { nextTry: inMs(pauseMs) }),
  };
  await tx.write(updateSql(REFUNDS, { ...changes, ...times }, { refundId }));
}
