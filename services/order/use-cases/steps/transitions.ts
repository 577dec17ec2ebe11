import type { Transaction } from "#platform/db/database.ts";
import { type Cause, insertHistory } from "../../store/history.ts";
import type { LockedOrder } from "../../store/lock-orders.ts";
import { writeTransitioned } from "../../store/write-orders.ts";
import type { Parts } from "../parts.ts";

/** An order after one transition, and what caused it. */
export type OrderTransition = { order: LockedOrder; by: Cause };

/**
 * Writes transitions of orders that this transaction has locked: the rows, a history entry for each
 * transition, and after the commit a notification of the watchers. An order may have several
 * transitions; its row ends as the last of them.
 */
export async function recordTransitions(
  tx: Transaction,
  parts: Pick<Parts, "watch">,
  transitions: readonly OrderTransition[],
): Promise<void> {
  if (transitions.length === 0) return;
  const last = new Map(transitions.map(({ order }) => [order.orderId, order]));
  await writeTransitioned(tx, [...last.values()]);
  await insertHistory(
    tx,
    transitions.map(({ order, by }) => {
      const { orderId, version, orderStatus, payStatus, shippingStatus } = order;
      return { orderId, version, orderStatus, payStatus, shippingStatus, by };
    }),
  );
  tx.afterCommit(() => parts.watch.notify([...last.keys()]));
}
