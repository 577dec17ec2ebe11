import { raw } from "@mikro-orm/mysql";
import type { Database, Transaction } from "#platform/db/database.ts";
import { insertRows, updateSql } from "#platform/db/rows.ts";
import type { ChangedRow, RowOf } from "#platform/db/tables.ts";
import type { Details, Goods, GoodsStatus } from "../domain/goods.ts";
import { GOODS, GoodsEntity } from "./entities.ts";

/** Columns that serve the store alone. */
const INTERNAL = ["requestId", "requestFingerprint"] as const;
const CREATED = GOODS.pick("goodsId", "createTime", "requestFingerprint");
const PUBLIC = GOODS.pick(
  "goodsId",
  "sku",
  "name",
  "description",
  "unitPriceCents",
  "stock",
  "status",
  "imageUrl",
  "createTime",
  "updateTime",
);

/** The fields that UpdateGoods may change; an undefined field stays as it is. */
export type GoodsChanges = { [K in keyof Details]?: Details[K] | undefined };

export async function findGoods(database: Database, goodsId: bigint): Promise<Goods | null> {
  return database.read((em) => em.findOne(GoodsEntity, { goodsId }, { exclude: INTERNAL }));
}

/** The goods that an earlier CreateGoods with this request id created. */
export async function findCreated(
  tx: Transaction,
  requestId: string,
): Promise<RowOf<typeof CREATED> | undefined> {
  const [row] = await tx.select<RowOf<typeof CREATED>>(
    `select ${CREATED.sql} from goods where request_id = ?`,
    [requestId],
  );
  return row;
}

export async function skuIsTaken(tx: Transaction, sku: string): Promise<boolean> {
  const rows = await tx.select("select goods_id from goods where sku = ?", [sku]);
  return rows.length > 0;
}

const NEW_GOODS = [
  "goodsId",
  "requestId",
  "requestFingerprint",
  "sku",
  "name",
  "description",
  "unitPriceCents",
  "stock",
  "imageUrl",
] as const;

/**
 * A request id or sku that other goods have is a DuplicateKey, and `transact` runs its work again.
 */
export async function insertGoods(
  tx: Transaction,
  goods: ChangedRow<typeof GoodsEntity, (typeof NEW_GOODS)[number]>,
): Promise<void> {
  await insertRows(tx, GOODS, NEW_GOODS, [goods]);
}

/** The goods, locked until the transaction ends; undefined if they do not exist. */
export async function lockOneGoods(tx: Transaction, goodsId: bigint): Promise<Goods | undefined> {
  const [goods] = await tx.select<RowOf<typeof PUBLIC>>(
    `select ${PUBLIC.sql} from goods where goods_id = ? for update`,
    [goodsId],
  );
  return goods;
}

/** Changes goods that this transaction has locked, and returns them. The stock stays as it is. */
export async function changeGoods(
  tx: Transaction,
  goodsId: bigint,
  { name, description, unitPriceCents, status, imageUrl }: GoodsChanges,
): Promise<Goods> {
  const changes = { name, description, unitPriceCents, status, imageUrl };
  if (Object.values(changes).some((value) => value !== undefined)) {
    await tx.write(updateSql(GOODS, changes, { goodsId }));
  }
  const goods = await lockOneGoods(tx, goodsId);
  if (!goods) throw new Error(`goods ${goodsId} disappeared from the transaction that locked them`);
  return goods;
}

/**
 * Goods ordered by id: at most `limit` of those above `after`. The name or the sku must contain
 * each of the words, ignoring case and accents. Without `goodsIds`, all goods are searched.
 */
export async function listGoods(
  database: Database,
  filter: {
    words: readonly string[];
    goodsIds: readonly bigint[];
    /** Undefined for goods of any status. */
    status: GoodsStatus | undefined;
    after: bigint;
    limit: number;
  },
): Promise<Goods[]> {
  const { words, goodsIds, status, after, limit } = filter;
  const where = {
    goodsId: goodsIds.length > 0 ? { $gt: after, $in: [...goodsIds] } : { $gt: after },
    ...(status !== undefined && { status }),
    $and: words.map((word) => ({ [nameOrSkuContains(word)]: [] })),
  };
  const options = { orderBy: { goodsId: "asc" }, limit, exclude: INTERNAL } as const;
  return database.read((em) => em.find(GoodsEntity, where, options));
}

function nameOrSkuContains(word: string) {
  const pattern = `%${word.replaceAll(/[|%_]/g, "|$&")}%`;
  // The older general collations treat all emoji as one character; Unicode 5.2.0 does not.
  const like = (column: string) => `${column} collate utf8mb4_unicode_520_ci like ? escape '|'`;
  return raw(
    (alias) => `(${like(`${alias}.name`)} or ${like(`${alias}.sku`)})`,
    [pattern, pattern],
  );
}
