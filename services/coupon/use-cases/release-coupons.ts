import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { checkClosedOrder, closedBefore, couponsToFree, UseState } from "../domain/coupon-use.ts";
import { insertUses, lockUses, releaseUses } from "../store/coupon-uses.ts";
import { freeCoupons, lockCoupons } from "../store/coupons.ts";
import type { Parts } from "./parts.ts";

/**
 * Closes orders that were cancelled or refunded whole: each gets its coupon back where it holds one, once, however often
 * and by whichever of the two events it is told. An order that has not asked for a coupon yet is marked, so that its late
 * use is refused: the coupon is free in the end, whatever comes first.
 */
export async function releaseCoupons(
  { database }: Parts,
  deliveries: readonly Delivery<{ orderId: bigint; userId: bigint }>[],
): Promise<void> {
  for (const { message } of deliveries) checkClosedOrder(message);
  await database.transact("release-coupons", async (tx) => {
    const admitted = await admitEvents(tx, deliveries);
    const orders = new Map(
      admitted.map(({ message: { orderId, userId } }) => [orderId, { orderId, userId }]),
    );
    if (orders.size === 0) return;

    const records = await lockUses(tx, orders.keys());
    const held = [...records.values()].filter(({ state }) => state === UseState.held);
    const { coupons } = await lockCoupons(
      tx,
      held.map(({ couponId }) => couponId),
    );
    await freeCoupons(tx, couponsToFree(held, coupons));
    await releaseUses(
      tx,
      held.map(({ orderId }) => orderId),
    );
    const unknown = [...orders.values()].filter(({ orderId }) => !records.has(orderId));
    await insertUses(tx, unknown.map(closedBefore));
  });
}
