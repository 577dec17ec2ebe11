import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { Goods } from "../domain/goods.ts";
import { findGoods } from "../store/goods.ts";
import type { Parts } from "./parts.ts";

/** Goods off the shelf are shown too, so that old orders can be. */
export async function getGoods(
  { database }: Pick<Parts, "database">,
  goodsId: bigint,
): Promise<Goods> {
  const checks = new Checks();
  checks.identifier("goods_id", goodsId);
  checks.throwIfAny();
  const goods = await findGoods(database, goodsId);
  if (!goods) throw new Refusal(Reason.GOODS_NOT_FOUND, { goods_id: String(goodsId) });
  return goods;
}
