import type { Database } from "#platform/db/database.ts";
import type { SoldLine } from "../domain/order.ts";
import { ORDER_LINES } from "./entities.ts";
import { REFUND, type RefundRow, type StoredRefund, withLines } from "./refunds.ts";

/** A refund whose lines say what the goods were called when they were sold. */
export type SoldRefund = Omit<StoredRefund, "lines"> & { lines: SoldLine[] };

/** Refunds that an order shows. */
const SHOWN_REFUNDS = 20;

const NAMES = ORDER_LINES.pick("goodsId", "name", "sku");

/** The newest refunds of each of these orders with their lines, oldest first. */
export async function newestRefunds(
  database: Database,
  orderIds: readonly bigint[],
): Promise<StoredRefund[]> {
  const rows = await database.select<RefundRow>(
    `select ${REFUND.sql} from (
       select r.*, row_number() over (partition by order_id order by refund_id desc) as age
       from refunds r where order_id in (?)
     ) newest where age <= ? order by refund_id`,
    [orderIds, SHOWN_REFUNDS],
  );
  return withLines(database, rows);
}

/** Refunds of an order, newest first: at most `limit` of those below `before`. */
export async function listRefunds(
  database: Database,
  query: { orderId: bigint; before: bigint | undefined; limit: number },
): Promise<SoldRefund[]> {
  const { orderId, before, limit } = query;
  const rows = await database.select<RefundRow>(
    `select ${REFUND.sql} from refunds where order_id = ? and refund_id < ?
     order by refund_id desc limit ?`,
    [orderId, before ?? 2n ** 63n - 1n, limit],
  );
  if (rows.length === 0) return [];
  const sold = await database.select<{ goodsId: bigint; name: string; sku: string }>(
    `select ${NAMES.sql} from order_lines where order_id = ?`,
    [orderId],
  );
  const names = new Map(sold.map(({ goodsId, name, sku }) => [goodsId, { name, sku }]));
  return (await withLines(database, rows)).map((refund) => ({
    ...refund,
    lines: refund.lines.map((line) => ({ ...line, ...(names.get(line.goodsId) ?? UNNAMED) })),
  }));
}

const UNNAMED = { name: "", sku: "" };
