import type { Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { insertRows } from "#platform/db/statements.ts";
import type { Refund } from "../domain/refund.ts";
import { StockLogType, unitsOf } from "../domain/stock.ts";

/** The refunds of these orders that the stock log has, or that are stored until a reservation. */
export async function knownRefunds(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<Set<bigint>> {
  const logged = await selectByIds<{ refundId: bigint }>(
    tx,
    "select distinct refund_id as refundId from stock_log where order_id in (?) and type = ?",
    orderIds,
    [StockLogType.RETURN],
  );
  const early = [...(await readEarlyRefunds(tx, orderIds)).values()].flat();
  return new Set([...logged, ...early].map(({ refundId }) => refundId));
}

type EarlyRow = { orderId: bigint; refundId: bigint; goodsId: bigint; quantity: bigint };

/** The refunds that arrived before the reservations of these orders, by order. */
export async function readEarlyRefunds(
  tx: Transaction,
  orderIds: readonly bigint[],
): Promise<Map<bigint, Refund[]>> {
  const rows = await selectByIds<EarlyRow>(
    tx,
    `select order_id as orderId, refund_id as refundId, goods_id as goodsId, quantity
     from early_returns where order_id in (?) order by refund_id, goods_id`,
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
    "early_returns",
    refunds.flatMap(({ orderId, refundId, lines }) =>
      [...unitsOf(lines)].map(([goodsId, quantity]) => ({
        refund_id: refundId,
        goods_id: goodsId,
        order_id: orderId,
        quantity,
      })),
    ),
  );
}
