import { decodePageToken, encodePageToken, pageSize } from "#platform/values/pages.ts";
import type { StockLogEntry } from "../domain/stock.ts";
import { listStockLog as listStockLogRows } from "../store/stock-log.ts";
import { getGoods } from "./get-goods.ts";
import type { Parts } from "./parts.ts";

type ListStockLog = { goodsId: bigint; pageSize: number; pageToken: string };

/** A page of one item's movements, newest first. Throws Refusal(GOODS_NOT_FOUND). */
export async function listStockLog(
  { database }: Pick<Parts, "database">,
  { goodsId, ...page }: ListStockLog,
): Promise<{ entries: StockLogEntry[]; nextPageToken: string }> {
  await getGoods({ database }, goodsId);
  const size = pageSize(page.pageSize);
  const before = decodePageToken(page.pageToken);
  const found = await listStockLogRows(database, { goodsId, before, limit: size + 1 });
  const entries = found.slice(0, size);
  const last = found.length > size ? entries.at(-1) : undefined;
  return { entries, nextPageToken: last ? encodePageToken(last.logId) : "" };
}
