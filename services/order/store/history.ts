import type { Transaction } from "#platform/db/database.ts";
import { insertRows } from "#platform/db/rows.ts";
import type { OrderState } from "../domain/order-state.ts";
import { ORDER_HISTORY } from "./entities.ts";

/** Who caused a transition, and through what: "user:7", "PlaceOrder". */
export type Cause = { actor: string; cause: string; detail?: string };

/** The state of an order after a transition. */
export type HistoryEntry = OrderState & { orderId: bigint; version: number; by: Cause };

export async function insertHistory(
  tx: Transaction,
  entries: readonly HistoryEntry[],
): Promise<void> {
  await insertRows(
    tx,
    ORDER_HISTORY,
    [
      "orderId",
      "version",
      "orderStatus",
      "payStatus",
      "shippingStatus",
      "actor",
      "cause",
      "detail",
    ],
    entries.map(({ by, ...entry }) => ({ ...entry, ...by, detail: by.detail ?? "" })),
  );
}
