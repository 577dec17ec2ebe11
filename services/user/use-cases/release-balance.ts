import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import {
  balanceChanges,
  checkClosedOrder,
  closedBefore,
  HoldState,
  releaseMovements,
} from "../domain/hold.ts";
import { insertHolds, lockHolds, releaseHolds } from "../store/holds.ts";
import { insertMovements } from "../store/logs.ts";
import { addToUsers, lockBalances } from "../store/users.ts";
import type { Parts } from "./parts.ts";

/**
 * Closes cancelled orders: each gets back what it holds of its user's balance, once, however often it is told. An order
 * that has not asked for any yet is marked, so that its late deduction is refused.
 */
export async function releaseBalance(
  { database, identifiers }: Parts,
  deliveries: readonly Delivery<{ orderId: bigint; userId: bigint }>[],
): Promise<void> {
  for (const { message } of deliveries) checkClosedOrder(message);
  await database.transact("release-balance", async (tx) => {
    const admitted = await admitEvents(tx, deliveries);
    const orders = new Map(
      admitted.map(({ message: { orderId, userId } }) => [orderId, { orderId, userId }]),
    );
    if (orders.size === 0) return;

    const holds = await lockHolds(tx, orders.keys());
    const open = [...holds.values()].filter(({ state }) => {
      return state === HoldState.held || state === HoldState.early;
    });
    const balances = await lockBalances(
      tx,
      open.map(({ userId }) => userId),
    );
    const movements = releaseMovements(open, balances);
    const unknown = [...orders.values()].filter(({ orderId }) => !holds.has(orderId));
    await releaseHolds(
      tx,
      open.map(({ orderId }) => orderId),
    );
    await addToUsers(tx, "balance_cents", balanceChanges(movements));
    await insertHolds(tx, unknown.map(closedBefore));
    await insertMovements(tx, movements, identifiers.next);
  });
}
