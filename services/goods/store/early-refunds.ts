import type { Transaction } from "#platform/db/database.ts";
import { insertRows } from "#platform/db/rows.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import type { RowOf } from "#platform/db/tables.ts";
import type { Refund } from "../domain/refund.ts";
import { StockLogType, unitsOf } from "../domain/stock.ts";
import { EARLY_REFUNDS, STOCK_LOG } from "./entities.ts";

const REFUND_ID = STOCK_LOG.pick("refundId");

type EarlyRow = RowOf<typeof EARLY_REFUNDS>;

/** The refunds of these orders that the stock log has, or that are stored until a reservation. */
export async function knownRefunds(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<Set<bigint>> {
  const logged = await selectByIds<RowOf<typeof REFUND_ID>>(
    tx,
    `select distinct ${REFUND_ID.sql} from stock_log where order_id in (?) and type = ?`,
    orderIds,
    [StockLogType.RETURN],
  );
  const early = [...(await readEarlyRefunds(tx, orderIds)).values()].flat();
  return new Set([...logged, ...early].map(({ refundId }) => refundId));
}

/** The refunds that arrived before the reservations of these orders, by order. */
export async function readEarlyRefunds(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<Map<bigint, Refund[]>> {
  const rows = await selectByIds<EarlyRow>(
    tx,
    `select ${EARLY_REFUNDS.sql} from early_returns
     where order_id in (?) order by refund_id, goods_id`,
    orderIds,
  );
  const refunds = [...Map.groupBy(rows, ({ refundId }) => refundId).values()].map((lines) => {
    const { orderId, refundId } = lines[0] as EarlyRow;
    return { orderId, refundId, lines };
  });
  return Map.groupBy(refunds, ({ orderId }) => orderId);
}

export async function insertEarlyRefunds(
  tx: Transaction,
  refunds: readonly Refund[],
): Promise<void> {
  await insertRows(
    tx,
    EARLY_REFUNDS,
    ["refundId", "goodsId", "orderId", "quantity"],
    refunds.flatMap(({ orderId, refundId, lines }) =>
      [...unitsOf(lines)].map(([goodsId, quantity]) => ({ refundId, goodsId, orderId, quantity })),
    ),
  );
}
