import type { Database, Transaction } from "#platform/db/database.ts";
import { insertRows } from "#platform/db/rows.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import type { RowOf } from "#platform/db/tables.ts";
import { type BalanceLogEntry, BalanceLogType, type Movement } from "../domain/balance.ts";
import type { PointEntry, PointLogEntry } from "../domain/points.ts";
import type { TopUp } from "../domain/top-up.ts";
import { BALANCE_LOG, BalanceLogEntity, POINT_LOG, PointLogEntity } from "./entities.ts";

const TOP_UP = BALANCE_LOG.pick("userId", "amountCents", "balanceAfter");
const POINT_ENTRY = POINT_LOG.pick(
  "orderId",
  "userId",
  "refundId",
  "spentCents",
  "points",
  "pointsPerUnit",
  "unitCents",
);

type NextId = () => bigint;

/** `before` is the last entry of the previous page; undefined for the first page. */
export type PageOf = { userId: bigint; before: bigint | undefined; limit: number };

/** What every entry of the balance log has. */
const NEW_ENTRY = ["logId", "userId", "type", "amountCents", "balanceAfter"] as const;
const NEW_POINTS = [
  "logId",
  "userId",
  "orderId",
  "points",
  "refundId",
  "spentCents",
  "pointsPerUnit",
  "unitCents",
] as const;

export async function insertMovements(
  tx: Transaction,
  movements: readonly Movement[],
  nextId: NextId,
): Promise<void> {
  const rows = movements.map((movement) => {
    return { ...movement, logId: nextId(), refundId: movement.refundId ?? 0n };
  });
  await insertRows(tx, BALANCE_LOG, [...NEW_ENTRY, "orderId", "refundId"], rows);
}

export async function insertTopUp(
  tx: Transaction,
  topUp: TopUp & { logId: bigint; balanceAfter: bigint },
): Promise<void> {
  await insertRows(
    tx,
    BALANCE_LOG,
    [...NEW_ENTRY, "requestId"],
    [{ ...topUp, type: BalanceLogType.TOP_UP }],
  );
}

/** The top-up that an earlier request with this id made. */
export async function findTopUp(
  tx: Transaction,
  requestId: string,
): Promise<RowOf<typeof TOP_UP> | undefined> {
  const [row] = await tx.select<RowOf<typeof TOP_UP>>(
    `select ${TOP_UP.sql} from balance_log where request_id = ?`,
    [requestId],
  );
  return row;
}

/** The rows of these orders in the point log. Lock their users before adding to it. */
export async function readPoints(
  tx: Transaction,
  orderIds: Iterable<bigint>,
): Promise<PointEntry[]> {
  return selectByIds<RowOf<typeof POINT_ENTRY>>(
    tx,
    `select ${POINT_ENTRY.sql} from point_log where order_id in (?) order by log_id`,
    orderIds,
  );
}

export async function insertPoints(
  tx: Transaction,
  entries: readonly PointEntry[],
  nextId: NextId,
): Promise<void> {
  const rows = entries.map((entry) => ({ ...entry, logId: nextId() }));
  await insertRows(tx, POINT_LOG, NEW_POINTS, rows);
}

export async function listBalanceLog(database: Database, page: PageOf): Promise<BalanceLogEntry[]> {
  const options = { ...newestFirst(page), exclude: ["balanceAfter", "requestId"] } as const;
  return database.read((em) => em.find(BalanceLogEntity, wherePage(page), options));
}

/** Leaves out rows that changed no points: they record cents below a full unit. */
export async function listPointLog(database: Database, page: PageOf): Promise<PointLogEntry[]> {
  const where = { ...wherePage(page), points: { $ne: 0n } };
  const options = {
    ...newestFirst(page),
    exclude: ["spentCents", "pointsPerUnit", "unitCents"],
  } as const;
  return database.read((em) => em.find(PointLogEntity, where, options));
}

function wherePage({ userId, before }: PageOf) {
  return before === undefined ? { userId } : { userId, logId: { $lt: before } };
}

function newestFirst({ limit }: PageOf) {
  return { orderBy: { logId: "desc" as const }, limit };
}
