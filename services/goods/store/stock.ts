import type { Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { insertRows, updateRows } from "#platform/db/statements.ts";
import type { OnSale } from "../domain/reserve.ts";
import type { Movement } from "../domain/stock.ts";

/** The goods that exist of these, locked in the order of their keys, so that baskets in opposite order do not deadlock. */
export async function lockGoods(
  tx: Transaction,
  goodsIds: Iterable<bigint>,
): Promise<Map<bigint, OnSale>> {
  const rows = await selectByIds<OnSale & { goodsId: bigint }>(
    tx,
    `select goods_id as goodsId, status, unit_price_cents as unitPriceCents, stock
     from goods force index (primary) where goods_id in (?) order by goods_id for update`,
    goodsIds,
  );
  return new Map(rows.map((row) => [row.goodsId, row]));
}

/** A movement as the log keeps it: an adjustment also has its note and its request id. */
export type LoggedMovement = Movement & { note?: string; requestId?: string };

/** Applies movements of goods that this transaction has locked, and logs them. */
export async function applyMovements(
  tx: Transaction,
  movements: readonly LoggedMovement[],
  nextLogId: () => bigint,
): Promise<void> {
  const deltas = new Map<bigint, bigint>();
  for (const { goodsId, delta } of movements) {
    deltas.set(goodsId, (deltas.get(goodsId) ?? 0n) + delta);
  }
  const rows = [...deltas].map(([goodsId, delta]) => ({ goods_id: goodsId, stock: delta }));
  const matched = await updateRows(tx, { table: "goods", key: "goods_id", add: ["stock"] }, rows);
  if (matched !== rows.length) throw new Error(`stock of ${matched} of ${rows.length} goods moved`);
  await logMovements(tx, movements, nextLogId);
}

/** A request id that the log has already is a DuplicateKey, and `transact` runs its work again. */
export async function logMovements(
  tx: Transaction,
  movements: readonly LoggedMovement[],
  nextLogId: () => bigint,
): Promise<void> {
  await insertRows(
    tx,
    "stock_log",
    movements.map((movement) => ({
      log_id: nextLogId(),
      goods_id: movement.goodsId,
      order_id: movement.orderId,
      type: movement.type,
      delta: movement.delta,
      stock_after: movement.stockAfter,
      note: movement.note ?? "",
      request_id: movement.requestId,
      refund_id: movement.refundId ?? 0n,
    })),
  );
}

export type Adjustment = { goodsId: bigint; delta: bigint; stockAfter: bigint; note: string };

export async function findAdjustment(
  tx: Transaction,
  requestId: string,
): Promise<Adjustment | undefined> {
  const [row] = await tx.select<Adjustment>(
    `select goods_id as goodsId, delta, stock_after as stockAfter, note
     from stock_log where request_id = ?`,
    [requestId],
  );
  return row;
}
