import type { Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { updateRows } from "#platform/db/statements.ts";
import type { OnSale } from "../domain/reserve.ts";
import { insertMovements, type LoggedMovement } from "./stock-log.ts";

/** Those of the goods that exist, locked in key order so that opposite baskets do not deadlock. */
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

/** Applies movements to goods that this transaction has locked, and logs them. */
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
  if (matched !== rows.length) {
    throw new Error(`${matched} of ${rows.length} locked goods exist whose stock moves`);
  }
  await insertMovements(tx, movements, nextLogId);
}
