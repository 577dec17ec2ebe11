import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { ParticipantState } from "#platform/values/participant.ts";
import { balanceChanges } from "../domain/balance.ts";
import { checkRefund, decideRefunds, type Refund } from "../domain/refund.ts";
import { insertEarlyRefunds, knownRefunds } from "../store/early-refunds.ts";
import { insertHolds, lockHolds, updateHolds } from "../store/holds.ts";
import { insertMovements } from "../store/logs.ts";
import { addToUsers, lockBalances } from "../store/users.ts";
import type { Parts } from "./parts.ts";
import { recordPoints } from "./steps/record-points.ts";

/**
 * Gives back what refunds return to the balance and takes the points of what is no longer spent, in
 * one transaction with their inbox rows. Idempotent by refund. Throws Refusal(INVALID_ARGUMENT) for
 * an event whose numbers are out of range.
 */
export async function refundBalance(
  parts: Parts,
  deliveries: readonly Delivery<Refund>[],
): Promise<void> {
  for (const { message } of deliveries) checkRefund(message);
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
    await updateHolds(tx, decision.changed, ParticipantState.HELD);
    await addToUsers(tx, "balanceCents", balanceChanges(decision.movements));
    await insertHolds(tx, decision.marks);
    await insertEarlyRefunds(tx, decision.early);
    await insertMovements(tx, decision.movements, parts.identifiers.next);
    await recordPoints(
      tx,
      parts,
      refunds.map(({ orderId, userId, refundId, spentCents, pointsPerUnit, currencyCode }) => {
        const terms = { pointsPerUnit, currencyCode };
        return { orderId, userId, refundId, spentCents: -spentCents, ...terms };
      }),
    );
  });
}
