import type { Database, Transaction } from "#platform/db/database.ts";
import { insertRows } from "#platform/db/rows.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import type { RowOf } from "#platform/db/tables.ts";
import { type Movement, type StockLogEntry, StockLogType, type Units } from "../domain/stock.ts";
import { STOCK_LOG, StockLogEntity } from "./entities.ts";

const ADJUSTMENT = STOCK_LOG.pick("goodsId", "delta", "stockAfter", "note");
/** Columns that readers of the log do not get. */
const INTERNAL = ["stockAfter", "note", "requestId"] as const;

/** A movement as the log stores it. Only an adjustment has a note and a request id. */
export type LoggedMovement = Movement & { note?: string; requestId?: string };

/** A request id that the log already has is a DuplicateKey, and `transact` runs its work again. */
export async function insertMovements(
  tx: Transaction,
  movements: readonly LoggedMovement[],
  nextLogId: () => bigint,
): Promise<void> {
  await insertRows(
    tx,
    STOCK_LOG,
    ["logId", "goodsId", "orderId", "type", "delta", "stockAfter", "refundId", "note", "requestId"],
    movements.map((movement) => ({
      ...movement,
      logId: nextLogId(),
      note: movement.note ?? "",
      requestId: movement.requestId,
      refundId: movement.refundId ?? 0n,
    })),
  );
}

/** The adjustment that an earlier AdjustStock with this request id made. */
export async function findAdjustment(
  tx: Transaction,
  requestId: string,
): Promise<RowOf<typeof ADJUSTMENT> | undefined> {
  const [row] = await tx.select<RowOf<typeof ADJUSTMENT>>(
    `select ${ADJUSTMENT.sql} from stock_log where request_id = ?`,
    [requestId],
  );
  return row;
}

/** What these orders took when they were reserved, by order. */
export async function readTaken(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<Map<bigint, Units>> {
  return readUnits(tx, orderIds, [StockLogType.RESERVE]);
}

/** What these orders still hold, by order: what they took less everything that came back. */
export async function readHeld(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<Map<bigint, Units>> {
  return readUnits(tx, orderIds, Object.values(StockLogType));
}

async function readUnits(
  tx: Transaction,
  orderIds: readonly bigint[],
  types: readonly StockLogType[],
): Promise<Map<bigint, Units>> {
  const rows = await selectByIds<{ orderId: bigint; goodsId: bigint; units: bigint }>(
    tx,
    `select order_id as orderId, goods_id as goodsId, cast(-sum(delta) as signed) as units
     from stock_log where order_id in (?) and type in (?)
     group by order_id, goods_id having units > 0`,
    orderIds,
    [types],
  );
  const unitsOf = new Map<bigint, Map<bigint, bigint>>();
  for (const { orderId, goodsId, units } of rows) {
    const ofOrder = unitsOf.get(orderId) ?? new Map<bigint, bigint>();
    unitsOf.set(orderId, ofOrder.set(goodsId, units));
  }
  return unitsOf;
}

/** Movements of one item, newest first: at most `limit` that are older than the entry `before`. */
export async function listStockLog(
  database: Database,
  filter: { goodsId: bigint; before: bigint | undefined; limit: number },
): Promise<StockLogEntry[]> {
  const { goodsId, before, limit } = filter;
  const older = before === undefined ? {} : { logId: { $lt: before } };
  const where = { goodsId, ...older };
  const options = { orderBy: { logId: "desc" }, limit, exclude: INTERNAL } as const;
  return database.read((em) => em.find(StockLogEntity, where, options));
}
