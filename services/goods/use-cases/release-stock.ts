import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { decideReleases } from "../domain/release.ts";
import { OrderState } from "../domain/stock.ts";
import { insertDecisions, lockLedger, readHeld, setReleased } from "../store/ledger.ts";
import { applyMovements, lockGoods } from "../store/stock.ts";
import type { Parts } from "./parts.ts";

/**
 * Gives back what cancelled orders hold, all in one transaction with their inbox rows. An order that was never reserved
 * is marked as closed, so that its late reservation is refused.
 */
export async function releaseStock(
  { database, identifiers }: Parts,
  deliveries: readonly Delivery<{ orderId: bigint }>[],
): Promise<void> {
  await database.transact("release-stock", async (tx) => {
    const admitted = await admitEvents(tx, deliveries);
    const orderIds = admitted.map(({ message }) => message.orderId);
    if (orderIds.length === 0) return;

    const ledger = await lockLedger(tx, orderIds);
    const isHeld = (orderId: bigint) => ledger.get(orderId)?.state === OrderState.held;
    const held = await readHeld(tx, orderIds.filter(isHeld));
    const goodsIds = [...held.values()].flatMap((units) => [...units.keys()]);
    const goods = await lockGoods(tx, goodsIds);
    const { released, marks, movements } = decideReleases(orderIds, { ledger, held, goods });
    await applyMovements(tx, movements, identifiers.next);
    await setReleased(tx, released);
    await insertDecisions(tx, marks);
  });
}
