import type { Transaction } from "#platform/db/database.ts";
import { insertRows } from "#platform/db/statements.ts";
import type { LogType } from "../domain/payment.ts";

export type NewLogEntry = { logId: bigint; paymentId: bigint; type: LogType; detail: string };

/** Characters in the column. */
const MAX_DETAIL = 500;

export async function insertLog(tx: Transaction, entries: readonly NewLogEntry[]): Promise<void> {
  await insertRows(
    tx,
    "payment_log",
    entries.map(({ logId, paymentId, type, detail }) => ({
      log_id: logId,
      payment_id: paymentId,
      type,
      detail: detail.slice(0, MAX_DETAIL),
    })),
  );
}
