import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { checkRefund, decideReturns, type Refund } from "../domain/returns.ts";
import { OrderState } from "../domain/stock.ts";
import { insertEarly, knownRefunds } from "../store/early-returns.ts";
import { insertDecisions, lockLedger, readHeld, setReleased } from "../store/ledger.ts";
import { applyMovements, lockGoods } from "../store/stock.ts";
import type { Parts } from "./parts.ts";

/** Takes the lines of refunds back into stock, all in one transaction with their inbox rows. */
export async function returnStock(
  { database, identifiers }: Parts,
  deliveries: readonly Delivery<Refund>[],
): Promise<void> {
  for (const { message } of deliveries) checkRefund(message);
  await database.transact("return-stock", async (tx) => {
    const admitted = await admitEvents(tx, deliveries);
    const refunds = admitted.map(({ message }) => message);
    if (refunds.length === 0) return;

    const orderIds = [...new Set(refunds.map(({ orderId }) => orderId))];
    const ledger = await lockLedger(tx, orderIds);
    const isHeld = (orderId: bigint) => ledger.get(orderId)?.state === OrderState.held;
    const held = await readHeld(tx, orderIds.filter(isHeld));
    const refunded = await knownRefunds(tx, orderIds);
    const goodsIds = [...held.values()].flatMap((units) => [...units.keys()]);
    const goods = await lockGoods(tx, goodsIds);
    const returned = decideReturns(refunds, { ledger, held, goods, refunded });
    await applyMovements(tx, returned.movements, identifiers.next);
    await setReleased(tx, returned.released);
    await insertDecisions(tx, returned.marks);
    await insertEarly(tx, returned.early);
  });
}
