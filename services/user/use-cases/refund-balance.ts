import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { balanceChanges, HoldState } from "../domain/hold.ts";
import { checkRefundedOrder, decideRefunds, type RefundedOrder } from "../domain/refund.ts";
import { insertEarly, knownRefunds } from "../store/early-refunds.ts";
import { changeHolds, insertHolds, lockHolds } from "../store/holds.ts";
import { insertMovements } from "../store/logs.ts";
import { addToUsers, lockBalances } from "../store/users.ts";
import type { Parts } from "./parts.ts";
import { recordPoints } from "./record-points.ts";

/**
 * Gives back what refunds return to the balance, and takes the points of what is no longer spent; each refund once, all
 * in one transaction with their inbox rows.
 */
export async function refundBalance(
  parts: Parts,
  deliveries: readonly Delivery<RefundedOrder>[],
): Promise<void> {
  for (const { message } of deliveries) checkRefundedOrder(message);
  await parts.database.transact("refund-balance", async (tx) => {
    const admitted = await admitEvents(tx, deliveries);
    const refunds = admitted.map(({ message }) => message);
    if (refunds.length === 0) return;

    const ofBalance = refunds.filter(({ balanceCents }) => balanceCents > 0n);
    const orderIds = ofBalance.map(({ orderId }) => orderId);
    const holds = await lockHolds(tx, orderIds);
    const owners = [...holds.values(), ...refunds].map(({ userId }) => userId);
    const balances = await lockBalances(tx, owners);
    const refunded = await knownRefunds(tx, orderIds);
    const decision = decideRefunds(ofBalance, { holds, balances, refunded });
    await changeHolds(tx, decision.changed, HoldState.held);
    await addToUsers(tx, "balance_cents", balanceChanges(decision.movements));
    await insertHolds(tx, decision.marks);
    await insertEarly(tx, decision.early);
    await insertMovements(tx, decision.movements, parts.identifiers.next);
    await recordPoints(
      tx,
      parts,
      refunds.map(({ orderId, userId, refundId, spentCents }) => {
        return { orderId, userId, refundId, spentCents: -spentCents };
      }),
    );
  });
}
