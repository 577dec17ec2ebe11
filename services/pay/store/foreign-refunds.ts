import type { Transaction } from "#platform/db/database.ts";
import { insertRows, updateSql } from "#platform/db/rows.ts";
import { NOW } from "#platform/db/sql.ts";
import type { RowOf } from "#platform/db/tables.ts";
import { RefundStatus } from "../domain/refund.ts";
import { FOREIGN_REFUNDS } from "./entities.ts";

const NEW_REFUND = [
  "provider",
  "foreignId",
  "paymentId",
  "status",
  "amountCents",
  "currency",
  "finishTime",
] as const;
const KNOWN = FOREIGN_REFUNDS.pick("status");

/** A refund that the shop did not request. */
export type ForeignRefund = Omit<RowOf<typeof FOREIGN_REFUNDS>, "createTime" | "finishTime">;

/**
 * Stores how far the refund is, in a transaction that has locked its payment. Returns whether that
 * is new.
 */
export async function writeForeignRefund(tx: Transaction, refund: ForeignRefund): Promise<boolean> {
  const { provider, foreignId, status } = refund;
  const finishTime = status === RefundStatus.SUCCEEDED ? NOW : null;
  const [known] = await tx.select<RowOf<typeof KNOWN>>(
    `select ${KNOWN.sql} from foreign_refunds where provider = ? and foreign_id = ? for update`,
    [provider, foreignId],
  );
  if (!known) {
    await insertRows(tx, FOREIGN_REFUNDS, NEW_REFUND, [{ ...refund, finishTime }]);
    return true;
  }
  // Notices arrive in any order: a failure is final, and comes after every success.
  const { FAILED, PENDING } = RefundStatus;
  if (known.status === status || known.status === FAILED || status === PENDING) return false;
  await tx.write(updateSql(FOREIGN_REFUNDS, { status, finishTime }, { provider, foreignId }));
  return true;
}
