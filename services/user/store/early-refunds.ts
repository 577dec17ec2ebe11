import type { Transaction } from "#platform/db/database.ts";
import { insertRows } from "#platform/db/rows.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import type { RowOf } from "#platform/db/tables.ts";
import type { EarlyRefund } from "../domain/refund.ts";
import { BALANCE_LOG, EARLY_REFUNDS } from "./entities.ts";

const REFUND_ID = BALANCE_LOG.pick("refundId");

/** The refunds that arrived before the deductions of these orders, by order. */
export async function readEarlyRefunds(
  tx: Transaction,
  orderIds: Iterable<bigint>,
): Promise<Map<bigint, EarlyRefund[]>> {
  const rows = await selectByIds<RowOf<typeof EARLY_REFUNDS>>(
    tx,
    `select ${EARLY_REFUNDS.sql} from early_refunds where order_id in (?) order by refund_id`,
    orderIds,
  );
  return Map.groupBy(rows, ({ orderId }) => orderId);
}

export async function insertEarlyRefunds(
  tx: Transaction,
  refunds: readonly EarlyRefund[],
): Promise<void> {
  await insertRows(tx, EARLY_REFUNDS, ["refundId", "orderId", "balanceCents"], refunds);
}

/** The refunds of these orders that the balance log has, or that are stored until a deduction. */
export async function knownRefunds(
  tx: Transaction,
  orderIds: Iterable<bigint>,
): Promise<Set<bigint>> {
  const ids = [...orderIds];
  const logged = await selectByIds<RowOf<typeof REFUND_ID>>(
    tx,
    `select ${REFUND_ID.sql} from balance_log where order_id in (?) and refund_id <> 0`,
    ids,
  );
  const early = [...(await readEarlyRefunds(tx, ids)).values()].flat();
  return new Set([...logged, ...early].map(({ refundId }) => refundId));
}
