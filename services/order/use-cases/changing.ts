import type { Transaction } from "#platform/db/database.ts";
import type { LockedOrder } from "../store/lock-orders.ts";
import { type Cause, insertHistory, writeTransitioned } from "../store/write-orders.ts";
import type { Parts } from "./parts.ts";

/** One change of an order: how it is afterwards, and through whom. */
export type Changed = { order: LockedOrder; by: Cause };

/**
 * Writes changes of orders that this transaction has locked, with one entry of history for each. Of an order that
 * changes several times, the last of `changes` is how its row ends.
 */
export async function recordTransitions(
  tx: Transaction,
  parts: Pick<Parts, "changes">,
  changes: readonly Changed[],
): Promise<void> {
  if (changes.length === 0) return;
  const last = new Map(changes.map(({ order }) => [order.orderId, order]));
  await writeTransitioned(tx, [...last.values()]);
  await insertHistory(
    tx,
    changes.map(({ order, by }) => {
      const { orderId, version, orderStatus, payStatus, shippingStatus } = order;
      return { orderId, version, orderStatus, payStatus, shippingStatus, by };
    }),
  );
  tx.afterCommit(() => parts.changes.notify([...last.keys()]));
}
