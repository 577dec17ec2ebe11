import type { Database, Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { insertRows } from "#platform/db/statements.ts";
import { type BalanceLogEntry, BalanceLogType, type Movement } from "../domain/balance.ts";
import type { PointEntry, PointLogEntry } from "../domain/points.ts";
import type { TopUp } from "../domain/top-up.ts";
import {
  BalanceLogEntity,
  balanceLogEntryOf,
  PointLogEntity,
  pointLogEntryOf,
} from "./entities.ts";

type NextId = () => bigint;

/** `before` is the last entry of the previous page; undefined for the first page. */
export type PageOf = { userId: bigint; before: bigint | undefined; limit: number };

export async function insertMovements(
  tx: Transaction,
  movements: readonly Movement[],
  nextId: NextId,
): Promise<void> {
  const rows = movements.map((movement) => ({
    log_id: nextId(),
    user_id: movement.userId,
    order_id: movement.orderId,
    type: movement.type,
    amount_cents: movement.amountCents,
    balance_after: movement.balanceAfter,
    refund_id: movement.refundId ?? 0n,
  }));
  await insertRows(tx, "balance_log", rows);
}

export async function insertTopUp(
  tx: Transaction,
  topUp: TopUp & { logId: bigint; balanceAfter: bigint },
): Promise<void> {
  await insertRows(tx, "balance_log", [
    {
      log_id: topUp.logId,
      user_id: topUp.userId,
      type: BalanceLogType.TOP_UP,
      amount_cents: topUp.amountCents,
      balance_after: topUp.balanceAfter,
      request_id: topUp.requestId,
    },
  ]);
}

export async function findTopUp(
  tx: Transaction,
  requestId: string,
): Promise<{ userId: bigint; amountCents: bigint; balanceAfter: bigint } | undefined> {
  const rows = await tx.select<{ user_id: bigint; amount_cents: bigint; balance_after: bigint }>(
    "select user_id, amount_cents, balance_after from balance_log where request_id = ?",
    [requestId],
  );
  const row = rows[0];
  if (!row) return undefined;
  return {
    userId: row.user_id,
    amountCents: row.amount_cents,
    balanceAfter: row.balance_after,
  };
}

/** The rows of these orders in the point log. Lock their users before adding to it. */
export async function readPoints(
  tx: Transaction,
  orderIds: Iterable<bigint>,
): Promise<PointEntry[]> {
  return selectByIds<PointEntry>(
    tx,
    `select order_id as orderId, user_id as userId, refund_id as refundId, spent_cents as spentCents,
       points, points_per_unit as pointsPerUnit
     from point_log where order_id in (?) order by log_id`,
    orderIds,
  );
}

export async function insertPoints(
  tx: Transaction,
  entries: readonly PointEntry[],
  nextId: NextId,
): Promise<void> {
  const rows = entries.map((entry) => ({
    log_id: nextId(),
    user_id: entry.userId,
    order_id: entry.orderId,
    refund_id: entry.refundId,
    spent_cents: entry.spentCents,
    points: entry.points,
    points_per_unit: entry.pointsPerUnit,
  }));
  await insertRows(tx, "point_log", rows);
}

export async function listBalanceLog(database: Database, page: PageOf): Promise<BalanceLogEntry[]> {
  const rows = await database.read((em) =>
    em.find(BalanceLogEntity, wherePage(page), newestFirst(page)),
  );
  return rows.map(balanceLogEntryOf);
}

/** Leaves out rows that changed no points: they record cents below a full unit. */
export async function listPointLog(database: Database, page: PageOf): Promise<PointLogEntry[]> {
  const where = { ...wherePage(page), points: { $ne: 0n } };
  const rows = await database.read((em) => em.find(PointLogEntity, where, newestFirst(page)));
  return rows.map(pointLogEntryOf);
}

function wherePage({ userId, before }: PageOf) {
  return before === undefined ? { userId } : { userId, logId: { $lt: before } };
}

function newestFirst({ limit }: PageOf) {
  return { orderBy: { logId: "desc" as const }, limit };
}
