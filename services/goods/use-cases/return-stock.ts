import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { ParticipantState } from "#platform/values/participant.ts";
import { checkRefund, decideRefunds, type Refund } from "../domain/refund.ts";
import { insertEarlyRefunds, knownRefunds } from "../store/early-refunds.ts";
import {
  insertReservations,
  lockReservations,
  releaseReservations,
} from "../store/reservations.ts";
import { applyMovements, lockGoods } from "../store/stock.ts";
import { readHeld } from "../store/stock-log.ts";
import type { Parts } from "./parts.ts";

/**
 * Takes the lines of refunds back into stock, in one transaction with their inbox rows. Idempotent
 * by refund. Refunds whose goods stay out of the stock move nothing. Throws
 * Refusal(INVALID_ARGUMENT) for an event whose numbers are out of range.
 */
export async function returnStock(
  { database, identifiers }: Parts,
  deliveries: readonly Delivery<Refund>[],
): Promise<void> {
  for (const { message } of deliveries) checkRefund(message);
  await database.transact("return-stock", async (tx) => {
    const admitted = await admitEvents(tx, deliveries);
    const refunds = admitted.map(({ message }) => message).filter(({ keepStock }) => !keepStock);
    if (refunds.length === 0) return;

    const orderIds = [...new Set(refunds.map(({ orderId }) => orderId))];
    const reservations = await lockReservations(tx, orderIds);
    const isHeld = (id: bigint) => reservations.get(id)?.state === ParticipantState.HELD;
    const held = await readHeld(tx, orderIds.filter(isHeld));
    const refunded = await knownRefunds(tx, orderIds);
    const goodsIds = [...held.values()].flatMap((units) => [...units.keys()]);
    const goods = await lockGoods(tx, goodsIds);
    const decision = decideRefunds(refunds, { reservations, held, goods, refunded });
    await applyMovements(tx, decision.movements, identifiers.next);
    await releaseReservations(tx, decision.released);
    await insertReservations(tx, decision.marks);
    await insertEarlyRefunds(tx, decision.early);
  });
}
