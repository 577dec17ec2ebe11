import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { stockNotEnough } from "../domain/reserve.ts";
import { MovementType } from "../domain/stock.ts";
import { MAX_NOTE, MAX_STOCK } from "../limits.ts";
import { applyMovements, findAdjustment, lockGoods } from "../store/stock.ts";
import type { Parts } from "./parts.ts";

export type AdjustStock = { requestId: string; goodsId: bigint; delta: bigint; note: string };

/**
 * Adds to the stock or takes from it, never below zero, and answers the stock afterwards. The same request id with the
 * same contents answers what the first one did; with other contents it is refused.
 */
export async function adjustStock(
  { database, identifiers }: Parts,
  { requestId, goodsId, delta, note }: AdjustStock,
): Promise<bigint> {
  const checks = new Checks();
  checks.requestId("request_id", requestId);
  checks.identifier("goods_id", goodsId);
  checks.integer("delta", delta, { min: -MAX_STOCK, max: MAX_STOCK });
  checks.that("delta", delta !== 0n, "must not be 0");
  checks.text("note", note, { max: MAX_NOTE, multiline: true });
  checks.throwIfAny();

  return database.transact("adjust-stock", async (tx) => {
    // The goods first: a repetition that came at the same moment waits here for the first one's outcome.
    const goods = (await lockGoods(tx, [goodsId])).get(goodsId);
    const earlier = await findAdjustment(tx, requestId);
    if (earlier) {
      const { goodsId: id, delta: by, note: why, stockAfter } = earlier;
      if (id === goodsId && by === delta && why === note) return stockAfter;
      throw new Refusal(Reason.REQUEST_ID_REUSED, { request_id: requestId });
    }
    if (!goods) throw new Refusal(Reason.GOODS_NOT_FOUND, { goods_id: String(goodsId) });
    const stockAfter = goods.stock + delta;
    if (stockAfter < 0n) throw stockNotEnough(goodsId, -delta, goods.stock);
    if (delta > 0n && stockAfter > MAX_STOCK) throw tooMuch();
    const adjustment = { type: MovementType.adjust, orderId: null, note, requestId };
    const movements = [{ ...adjustment, goodsId, delta, stockAfter }];
    await applyMovements(tx, movements, identifiers.next);
    return stockAfter;
  });
}

function tooMuch(): Refusal {
  const violation = { field: "delta", description: `must not raise the stock above ${MAX_STOCK}` };
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [violation]);
}
