import type { Database } from "#platform/db/database.ts";
import { StockLogEntity, type StockLogEntry } from "./entities.ts";

/** Movements of one item, newest first, at most `limit` of those older than the entry `before`. */
export async function listStockLog(
  database: Database,
  filter: { goodsId: bigint; before: bigint | undefined; limit: number },
): Promise<StockLogEntry[]> {
  const { goodsId, before, limit } = filter;
  const older = before === undefined ? {} : { logId: { $lt: before } };
  const where = { goodsId, ...older };
  return database.read((em) =>
    em.find(StockLogEntity, where, { orderBy: { logId: "desc" }, limit }),
  );
}
