import { closePage, openPage } from "#platform/values/pages.ts";
import type { StockLogEntry } from "../domain/stock.ts";
import { listStockLog as listStockLogRows } from "../store/stock-log.ts";
import { getGoods } from "./get-goods.ts";
import type { Parts } from "./parts.ts";

type ListStockLog = { goodsId: bigint; pageSize: number; pageToken: string };

/** A page of one item's movements, newest first. Throws Refusal(GOODS_NOT_FOUND). */
export async function listStockLog(
  { database }: Pick<Parts, "database">,
  { goodsId, ...request }: ListStockLog,
): Promise<{ entries: StockLogEntry[]; nextPageToken: string }> {
  await getGoods({ database }, goodsId, { seesAll: true });
  const list = "shop.goods.v1.GoodsService/ListStockLog";
  const page = openPage({ ...request, list, filters: [goodsId] });
  const rows = { goodsId, before: page.cursor, limit: page.limit };
  return closePage(page, await listStockLogRows(database, rows), ({ logId }) => logId);
}
