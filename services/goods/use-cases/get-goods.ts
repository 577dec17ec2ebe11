import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { findGoods } from "../store/goods.ts";
import type { Parts } from "./parts.ts";
import { type ShownGoods, showGoods } from "./steps/show-goods.ts";

/**
 * Returns goods of any status, so that old orders can show what they contained. Only a viewer who
 * `seesAll` learns the stock. Throws Refusal(GOODS_NOT_FOUND).
 */
export async function getGoods(
  { database }: Pick<Parts, "database">,
  goodsId: bigint,
  { seesAll }: { seesAll: boolean },
): Promise<ShownGoods> {
  const checks = new Checks();
  checks.identifier("goods_id", goodsId);
  checks.throwIfAny();
  const goods = await findGoods(database, goodsId);
  if (!goods) throw new Refusal(Reason.GOODS_NOT_FOUND, { goods_id: String(goodsId) });
  return showGoods(goods, seesAll);
}
