import type { Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { insertRows } from "#platform/db/statements.ts";
import type { EarlyRefund } from "../domain/refund.ts";

/** The refunds that arrived before the deductions of these orders, by order. */
export async function readEarlyRefunds(
  tx: Transaction,
  orderIds: Iterable<bigint>,
): Promise<Map<bigint, EarlyRefund[]>> {
  const rows = await selectByIds<EarlyRefund>(
    tx,
    `select order_id as orderId, refund_id as refundId, balance_cents as balanceCents
     from early_refunds where order_id in (?) order by refund_id`,
    orderIds,
  );
  return Map.groupBy(rows, ({ orderId }) => orderId);
}

export async function insertEarlyRefunds(
  tx: Transaction,
  refunds: readonly EarlyRefund[],
): Promise<void> {
  await insertRows(
    tx,
    "early_refunds",
    refunds.map(({ orderId, refundId, balanceCents }) => ({
      refund_id: refundId,
      order_id: orderId,
      balance_cents: balanceCents,
    })),
  );
}

/** The refunds of these orders that the balance log has, or that are stored until a deduction. */
export async function knownRefunds(
  tx: Transaction,
  orderIds: Iterable<bigint>,
): Promise<Set<bigint>> {
  const ids = [...orderIds];
  const logged = await selectByIds<{ refundId: bigint }>(
    tx,
    "select refund_id as refundId from balance_log where order_id in (?) and refund_id <> 0",
    ids,
  );
  const early = [...(await readEarlyRefunds(tx, ids)).values()].flat();
  return new Set([...logged, ...early].map(({ refundId }) => refundId));
}
