import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { Goods } from "../domain/goods.ts";
import { findGoods } from "../store/goods.ts";
import type { Parts } from "./parts.ts";

/** Returns goods of any status, so that old orders can show what they contained. */
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
