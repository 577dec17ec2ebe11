import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { checkPaidOrder, decideAwards, type PaidOrder, pointChanges } from "../domain/points.ts";
import { awardedOrders, insertAwards } from "../store/logs.ts";
import { addToUsers } from "../store/users.ts";
import type { Parts } from "./parts.ts";

/** Gives the users of paid orders their points, once for each order, however often it is told. */
export async function awardPoints(
  { database, identifiers, pointsPerUnit }: Parts,
  deliveries: readonly Delivery<PaidOrder>[],
): Promise<void> {
  for (const { message } of deliveries) checkPaidOrder(message);
  await database.transact("award-points", async (tx) => {
    const fresh = await admitEvents(tx, deliveries);
    const orders = deliveries
      .filter(({ eventId }) => fresh.has(eventId))
      .map(({ message }) => message);
    if (orders.length === 0) return;

    const awarded = await awardedOrders(
      tx,
      orders.map(({ orderId }) => orderId),
    );
    const awards = decideAwards(orders, awarded, pointsPerUnit);
    await insertAwards(tx, awards, identifiers.next);
    await addToUsers(tx, "points", pointChanges(awards));
  });
}
