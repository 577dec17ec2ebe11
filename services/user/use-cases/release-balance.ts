import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { splitForRelease } from "#platform/values/participant.ts";
import { balanceChanges } from "../domain/balance.ts";
import { type ClosedOrder, checkClosedOrder, closedHold } from "../domain/hold.ts";
import { releaseMovements } from "../domain/release.ts";
import { insertHolds, lockHolds, releaseHolds } from "../store/holds.ts";
import { insertMovements } from "../store/logs.ts";
import { addToUsers, lockBalances } from "../store/users.ts";
import type { Parts } from "./parts.ts";

/**
 * Closes cancelled orders and gives back the balance that they hold, in one transaction with their
 * inbox rows. An order without a hold is marked as closed, so that its late request is refused.
 * Idempotent. Throws Refusal(INVALID_ARGUMENT) for an event whose numbers are out of range.
 */
export async function releaseBalance(
  { database, identifiers }: Parts,
  deliveries: readonly Delivery<ClosedOrder>[],
): Promise<void> {
  for (const { message } of deliveries) checkClosedOrder(message);
  await database.transact("release-balance", async (tx) => {
    const admitted = await admitEvents(tx, deliveries);
    const orders = new Map(admitted.map(({ message }) => [message.orderId, message]));
    if (orders.size === 0) return;

    const holds = await lockHolds(tx, orders.keys());
    const { open, unknown } = splitForRelease(orders, holds);
    const balances = await lockBalances(
      tx,
      open.map(({ userId }) => userId),
    );
    const movements = releaseMovements(open, balances);
    await releaseHolds(
      tx,
      open.map(({ orderId }) => orderId),
    );
    await addToUsers(tx, "balanceCents", balanceChanges(movements));
    await insertHolds(tx, unknown.map(closedHold));
    await insertMovements(tx, movements, identifiers.next);
  });
}
