import type { Transaction } from "#platform/db/database.ts";
import { insertRows } from "#platform/db/rows.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { NOW } from "#platform/db/sql.ts";
import type { RowOf } from "#platform/db/tables.ts";
import { PAYABLE_ORDERS } from "./entities.ts";

const ID = PAYABLE_ORDERS.pick("orderId");
const CLOSED_TIME = PAYABLE_ORDERS.pick("closedTime");

/**
 * Locks the row that guards the start of payments for this order, and inserts it if it is missing.
 * Returns whether the order is closed to payments, and the time of the database.
 */
export async function lockPayable(
  tx: Transaction,
  orderId: bigint,
): Promise<{ closed: boolean; now: Date }> {
  const [row] = await tx.select<RowOf<typeof CLOSED_TIME> & { now: Date }>(
    `select ${CLOSED_TIME.sql}, now(3) as now from payable_orders where order_id = ? for update`,
    [orderId],
  );
  if (row) return { closed: row.closedTime !== null, now: row.now };
  await insertRows(tx, PAYABLE_ORDERS, ["orderId"], [{ orderId }]);
  const [{ now } = { now: new Date(0) }] = await tx.select<{ now: Date }>("select now(3) as now");
  return { closed: false, now };
}

/** Closes these orders to new payments, for good. */
export async function closePayable(tx: Transaction, orderIds: readonly bigint[]): Promise<void> {
  const known = await selectByIds<RowOf<typeof ID>>(
    tx,
    `select ${ID.sql} from payable_orders force index (primary)
     where order_id in (?) order by order_id for update`,
    orderIds,
  );
  const ids = new Set(known.map(({ orderId }) => orderId));
  const missing = [...new Set(orderIds)].filter((id) => !ids.has(id));
  await insertRows(
    tx,
    PAYABLE_ORDERS,
    ["orderId", "closedTime"],
    missing.toSorted((a, b) => (a < b ? -1 : 1)).map((orderId) => ({ orderId, closedTime: NOW })),
  );
  if (ids.size > 0) {
    await tx.write(
      `update payable_orders force index (primary) set closed_time = now(3)
       where order_id in (?) and closed_time is null`,
      [[...ids]],
    );
  }
}
