import type { Transaction } from "#platform/db/database.ts";
import { insertRows } from "#platform/db/rows.ts";
import { PAYMENT_LOG, type PaymentLogRow } from "./entities.ts";

export type NewLogEntry = Omit<PaymentLogRow, "logTime">;

/** Characters in the column. */
const MAX_DETAIL = 500;

/** Inserts log entries, with details cut to the width of their column. */
export async function insertLog(tx: Transaction, entries: readonly NewLogEntry[]): Promise<void> {
  await insertRows(
    tx,
    PAYMENT_LOG,
    ["logId", "paymentId", "type", "detail"],
    entries.map((entry) => ({ ...entry, detail: entry.detail.slice(0, MAX_DETAIL) })),
  );
}
