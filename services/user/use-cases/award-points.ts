import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { checkPaidOrder, type PaidOrder } from "../domain/points.ts";
import { lockBalances } from "../store/users.ts";
import type { Parts } from "./parts.ts";
import { recordPoints } from "./steps/record-points.ts";

/**
 * Gives the users of paid orders their points, in one transaction with their inbox rows. Idempotent
 * by order. Throws Refusal(INVALID_ARGUMENT) for an event whose numbers are out of range.
 */
export async function awardPoints(
  parts: Parts,
  deliveries: readonly Delivery<PaidOrder>[],
): Promise<void> {
  for (const { message } of deliveries) checkPaidOrder(message);
  await parts.database.transact("award-points", async (tx) => {
    const admitted = await admitEvents(tx, deliveries);
    const orders = admitted.map(({ message }) => {
      const { orderId, userId, spentCents, pointsPerUnit, currencyCode } = message;
      return { orderId, userId, spentCents, pointsPerUnit, currencyCode, refundId: 0n };
    });
    await lockBalances(
      tx,
      orders.map(({ userId }) => userId),
    );
    await recordPoints(tx, parts, orders);
  });
}
