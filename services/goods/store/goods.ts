import { raw } from "@mikro-orm/mysql";
import type { Database, Transaction } from "#platform/db/database.ts";
import { insertRows, updateRows } from "#platform/db/statements.ts";
import type { Goods } from "../domain/goods.ts";
import { GoodsEntity } from "./entities.ts";

type NewGoods = Pick<
  Goods,
  "goodsId" | "sku" | "name" | "description" | "unitPriceCents" | "stock" | "imageUrl"
> & { requestId: string; fingerprint: Uint8Array };

/** The fields that UpdateGoods may change; an undefined field stays as it is. */
export type GoodsChanges = Partial<
  Pick<Goods, "name" | "description" | "unitPriceCents" | "status" | "imageUrl">
>;

export async function findGoods(database: Database, goodsId: bigint): Promise<Goods | null> {
  return database.read((em) => em.findOne(GoodsEntity, { goodsId }));
}

/** The goods that an earlier CreateGoods with this request id created. */
export async function findCreated(
  tx: Transaction,
  requestId: string,
): Promise<{ goodsId: bigint; createTime: Date; fingerprint: Uint8Array } | undefined> {
  const [row] = await tx.select<{ goodsId: bigint; createTime: Date; fingerprint: Buffer }>(
    `select goods_id as goodsId, create_time as createTime, request_fingerprint as fingerprint
     from goods where request_id = ?`,
    [requestId],
  );
  return row;
}

export async function skuIsTaken(tx: Transaction, sku: string): Promise<boolean> {
  const rows = await tx.select("select goods_id from goods where sku = ?", [sku]);
  return rows.length > 0;
}

/**
 * A request id or sku that other goods have is a DuplicateKey, and `transact` runs its work again.
 */
export async function insertGoods(tx: Transaction, goods: NewGoods): Promise<void> {
  await insertRows(tx, "goods", [
    {
      goods_id: goods.goodsId,
      request_id: goods.requestId,
      request_fingerprint: goods.fingerprint,
      sku: goods.sku,
      name: goods.name,
      description: goods.description,
      unit_price_cents: goods.unitPriceCents,
      stock: goods.stock,
      image_url: goods.imageUrl,
    },
  ]);
}

/** Returns the goods after the change, undefined if they do not exist. The stock stays as it is. */
export async function changeGoods(
  tx: Transaction,
  goodsId: bigint,
  changes: GoodsChanges,
): Promise<Goods | undefined> {
  const columns = {
    name: changes.name,
    description: changes.description,
    unit_price_cents: changes.unitPriceCents,
    status: changes.status,
    image_url: changes.imageUrl,
  };
  const set = Object.entries(columns).filter(([, value]) => value !== undefined);
  if (set.length > 0) {
    const row = { goods_id: goodsId, ...Object.fromEntries(set) };
    await updateRows(tx, { table: "goods", key: "goods_id", set: set.map(([name]) => name) }, [
      row,
    ]);
  }
  const [goods] = await tx.select<Goods>(
    `select goods_id as goodsId, sku, name, description, unit_price_cents as unitPriceCents, stock,
       status, image_url as imageUrl, create_time as createTime, update_time as updateTime
     from goods where goods_id = ?`,
    [goodsId],
  );
  return goods;
}

/**
 * Goods ordered by id: at most `limit` of those above `after`. The name or the sku must contain
 * each of the words, ignoring case and accents. Without `goodsIds`, all goods are searched.
 */
export async function listGoods(
  database: Database,
  filter: { words: readonly string[]; goodsIds: readonly bigint[]; after: bigint; limit: number },
): Promise<Goods[]> {
  const { words, goodsIds, after, limit } = filter;
  return database.read((em) =>
    em.find(
      GoodsEntity,
      {
        goodsId: goodsIds.length > 0 ? { $gt: after, $in: [...goodsIds] } : { $gt: after },
        $and: words.map((word) => ({ [nameOrSkuHas(word)]: [] })),
      },
      { orderBy: { goodsId: "asc" }, limit },
    ),
  );
}

function nameOrSkuHas(word: string) {
  const pattern = `%${word.replaceAll(/[|%_]/g, "|$&")}%`;
  // The older general collations treat all emoji as one character; Unicode 5.2.0 does not.
  const has = (column: string) => `${column} collate utf8mb4_unicode_520_ci like ? escape '|'`;
  return raw((alias) => `(${has(`${alias}.name`)} or ${has(`${alias}.sku`)})`, [pattern, pattern]);
}
