import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { ParticipantState, splitForRelease } from "#platform/values/participant.ts";
import { releaseMovements } from "../domain/release.ts";
import { closedReservation } from "../domain/reservation.ts";
import {
  insertReservations,
  lockReservations,
  releaseReservations,
} from "../store/reservations.ts";
import { applyMovements, lockGoods } from "../store/stock.ts";
import { readHeld } from "../store/stock-log.ts";
import type { Parts } from "./parts.ts";

/**
 * Closes cancelled orders and gives back the stock that they hold, in one transaction with their
 * inbox rows. An order without a reservation is marked as closed, so that its late request is
 * refused. Idempotent.
 */
export async function releaseStock(
  { database, identifiers }: Parts,
  deliveries: readonly Delivery<{ orderId: bigint }>[],
): Promise<void> {
  await database.transact("release-stock", async (tx) => {
    const admitted = await admitEvents(tx, deliveries);
    const orders = new Map(admitted.map(({ message }) => [message.orderId, message]));
    if (orders.size === 0) return;

    const reservations = await lockReservations(tx, orders.keys());
    const { open, unknown } = splitForRelease(orders, reservations);
    const holding = open.filter(({ state }) => state === ParticipantState.HELD);
    const held = await readHeld(
      tx,
      holding.map(({ orderId }) => orderId),
    );
    const goodsIds = [...held.values()].flatMap((units) => [...units.keys()]);
    const goods = await lockGoods(tx, goodsIds);
    await applyMovements(tx, releaseMovements(open, { held, goods }), identifiers.next);
    await releaseReservations(
      tx,
      open.map(({ orderId }) => orderId),
    );
    await insertReservations(tx, unknown.map(closedReservation));
  });
}
