import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { type Goods, GoodsStatus } from "../domain/goods.ts";
import { changeGoods, type GoodsChanges } from "../store/goods.ts";
import type { Parts } from "./parts.ts";
import { checkDetails } from "./steps/check-details.ts";

/** `status` is the number that the caller sent, which may be no GoodsStatus. */
type UpdateGoods = Omit<GoodsChanges, "status"> & {
  goodsId: bigint;
  status?: number | undefined;
};

/** Changes the fields that are set. Other fields and the stock stay as they are. */
export async function updateGoods(
  { database }: Pick<Parts, "database">,
  command: UpdateGoods,
): Promise<Goods> {
  const { goodsId, status: wanted, ...details } = command;
  const status = Object.values(GoodsStatus).find((known) => known === wanted);
  const checks = new Checks();
  checks.identifier("goods_id", goodsId);
  checks.that("status", status === wanted, "must be a known status");
  checkDetails(checks, details);
  checks.throwIfAny();

  const changes: GoodsChanges = { ...details, status };
  const goods = await database.transact("update-goods", (tx) => changeGoods(tx, goodsId, changes));
  if (!goods) throw new Refusal(Reason.GOODS_NOT_FOUND, { goods_id: String(goodsId) });
  return goods;
}
