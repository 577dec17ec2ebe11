import type { Transaction } from "#platform/db/database.ts";
import { updateRows } from "#platform/db/rows.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import type { RowOf } from "#platform/db/tables.ts";
import type { SoldGoods } from "../domain/goods.ts";
import type { OnSale } from "../domain/reserve.ts";
import { GOODS } from "./entities.ts";
import { insertMovements, type LoggedMovement } from "./stock-log.ts";

const LOCKED = GOODS.pick("goodsId", "status", "unitPriceCents", "stock", "name", "sku");
const SOLD = GOODS.pick("goodsId", "name", "sku");

/** A locked item: what decides a reservation, and what the order keeps. */
type LockedGoods = OnSale & SoldGoods;

/** Those of the goods that exist, locked in key order so that opposite baskets do not deadlock. */
export async function lockGoods(
  tx: Transaction,
  goodsIds: Iterable<bigint>,
): Promise<Map<bigint, LockedGoods>> {
  const rows = await selectByIds<RowOf<typeof LOCKED>>(
    tx,
    `select ${LOCKED.sql} from goods force index (primary)
     where goods_id in (?) order by goods_id for update`,
    goodsIds,
  );
  return new Map(rows.map((row) => [row.goodsId, row]));
}

/** How goods are called, without locks. */
export async function readSold(
  tx: Transaction,
  goodsIds: Iterable<bigint>,
): Promise<Map<bigint, SoldGoods>> {
  const sql = `select ${SOLD.sql} from goods where goods_id in (?)`;
  const rows = await selectByIds<SoldGoods>(tx, sql, goodsIds);
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
  const rows = [...deltas].map(([goodsId, delta]) => ({ goodsId, stock: delta }));
  const matched = await updateRows(tx, GOODS, { key: "goodsId", add: ["stock"] }, rows);
  if (matched !== rows.length) {
    throw new Error(`${matched} of ${rows.length} locked goods exist whose stock moves`);
  }
  await insertMovements(tx, movements, nextLogId);
}
