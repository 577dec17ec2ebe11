import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { splitForRelease } from "#platform/values/participant.ts";
import { type ClosedOrder, checkClosedOrder, closedRedemption } from "../domain/redemption.ts";
import { couponsToFree } from "../domain/release.ts";
import { freeCoupons, lockCoupons } from "../store/coupons.ts";
import { insertRedemptions, lockRedemptions, releaseRedemptions } from "../store/redemptions.ts";
import type { Parts } from "./parts.ts";

/**
 * Closes orders that were cancelled or refunded as a whole and frees the coupons that they hold, in
 * one transaction with their inbox rows. An order without a redemption is marked as closed, so that
 * its late request is refused. Idempotent. Throws Refusal(INVALID_ARGUMENT) for an event whose
 * numbers are out of range.
 */
export async function releaseCoupons(
  { database }: Parts,
  deliveries: readonly Delivery<ClosedOrder>[],
): Promise<void> {
  for (const { message } of deliveries) checkClosedOrder(message);
  await database.transact("release-coupons", async (tx) => {
    const admitted = await admitEvents(tx, deliveries);
    const orders = new Map(admitted.map(({ message }) => [message.orderId, message]));
    if (orders.size === 0) return;

    const redemptions = await lockRedemptions(tx, orders.keys());
    const { open, unknown } = splitForRelease(orders, redemptions);
    const { coupons } = await lockCoupons(
      tx,
      open.map(({ couponId }) => couponId),
    );
    await freeCoupons(tx, couponsToFree(open, coupons));
    await releaseRedemptions(
      tx,
      open.map(({ orderId }) => orderId),
    );
    await insertRedemptions(tx, unknown.map(closedRedemption));
  });
}
