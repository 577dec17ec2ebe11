import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { closePayable } from "../store/payable-orders.ts";
import { markClosing } from "../store/write-payments.ts";
import type { Parts } from "./parts.ts";

/**
 * Closes cancelled orders to new payments, and marks their open payments for the sweep, which
 * closes them at their providers. Idempotent by event.
 */
export async function closeCancelled(
  { database, wake }: Pick<Parts, "database" | "wake">,
  deliveries: readonly Delivery<{ orderId: bigint }>[],
): Promise<void> {
  await database.transact("close-cancelled", async (tx) => {
    const admitted = await admitEvents(tx, deliveries);
    const orderIds = admitted.map(({ message }) => message.orderId);
    if (orderIds.length === 0) return;
    await closePayable(tx, orderIds);
    await markClosing(tx, orderIds, 0);
    tx.afterCommit(wake.payments);
  });
}
