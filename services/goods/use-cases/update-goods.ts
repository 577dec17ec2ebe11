import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { type Goods, GoodsStatus } from "../domain/goods.ts";
import { changeGoods, type GoodsChanges } from "../store/goods.ts";
import { checkDetails } from "./check-goods.ts";
import type { Parts } from "./parts.ts";

/** `status` is what the caller sent, a GoodsStatus or not. */
export type UpdateGoods = Omit<GoodsChanges, "status"> & {
  goodsId: bigint;
  status?: number | undefined;
};

/** Changes what is set, and leaves the rest and the stock as they are. */
export async function updateGoods(
  { database }: Pick<Parts, "database">,
  command: UpdateGoods,
): Promise<Goods> {
  const { goodsId, status: wanted, ...details } = command;
  const status = Object.values(GoodsStatus).find((known) => known === wanted);
  const checks = new Checks();
  checks.identifier("goods_id", goodsId);
  checks.that("status", status === wanted, "must be a status of goods");
  checkDetails(checks, details);
  checks.throwIfAny();

  const changes: GoodsChanges = { ...details, status };
  const goods = await database.transact("update-goods", (tx) => changeGoods(tx, goodsId, changes));
  if (!goods) throw new Refusal(Reason.GOODS_NOT_FOUND, { goods_id: String(goodsId) });
  return goods;
}
