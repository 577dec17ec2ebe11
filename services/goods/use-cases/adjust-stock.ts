import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { StockLogType, stockNotEnough } from "../domain/stock.ts";
import { MAX_NOTE, MAX_STOCK } from "../limits.ts";
import { applyMovements, lockGoods } from "../store/stock.ts";
import { findAdjustment } from "../store/stock-log.ts";
import type { Parts } from "./parts.ts";

type AdjustStock = { requestId: string; goodsId: bigint; delta: bigint; note: string };

/**
 * Adds `delta` to the stock, never below zero, and returns the stock afterwards. Idempotent by
 * request id: the same contents get the first result again, other contents REQUEST_ID_REUSED.
 */
export async function adjustStock(
  { database, identifiers }: Parts,
  command: AdjustStock,
): Promise<bigint> {
  const fault = faultOf(command);
  const { requestId, goodsId, delta, note } = command;
  return database.transact("adjust-stock", async (tx) => {
    // Lock the goods first, so that a concurrent repetition waits for the first request to commit.
    const goods = (await lockGoods(tx, [goodsId])).get(goodsId);
    const earlier = await findAdjustment(tx, requestId);
    if (earlier) {
      const isSame =
        earlier.goodsId === goodsId && earlier.delta === delta && earlier.note === note;
      if (isSame) return earlier.stockAfter;
      throw new Refusal(Reason.REQUEST_ID_REUSED, { request_id: requestId });
    }
    if (fault) throw fault;
    if (!goods) throw new Refusal(Reason.GOODS_NOT_FOUND, { goods_id: String(goodsId) });
    const stockAfter = goods.stock + delta;
    if (stockAfter < 0n) throw stockNotEnough(goodsId, -delta, goods.stock);
    if (delta > 0n && stockAfter > MAX_STOCK) throw tooMuch();
    const adjustment = { type: StockLogType.ADJUST, orderId: null, note, requestId };
    const movements = [{ ...adjustment, goodsId, delta, stockAfter }];
    await applyMovements(tx, movements, identifiers.next);
    return stockAfter;
  });
}

/**
 * The refusal of malformed contents. Throws only for a malformed request id: a known one is answered
 * by what it did, even if the rules of today would refuse the contents.
 */
function faultOf({ requestId, goodsId, delta, note }: AdjustStock): Refusal | undefined {
  const checks = new Checks();
  checks.requestId("request_id", requestId);
  checks.throwIfAny();
  checks.identifier("goods_id", goodsId);
  checks.integer("delta", delta, { min: -MAX_STOCK, max: MAX_STOCK });
  checks.that("delta", delta !== 0n, "must not be 0");
  checks.text("note", note, { max: MAX_NOTE, multiline: true });
  return checks.refusal;
}

function tooMuch(): Refusal {
  const violation = { field: "delta", description: `must not raise the stock above ${MAX_STOCK}` };
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [violation]);
}
