import { ParticipantState } from "#platform/values/participant.ts";
import type { Coupon } from "./coupon.ts";
import type { Redemption } from "./redemption.ts";

/**
 * The coupons that closing these orders frees: those that held redemptions name, as long as the
 * coupon still names the same order. A coupon that another order has spent since stays spent.
 */
export function couponsToFree(
  redemptions: readonly Redemption[],
  coupons: ReadonlyMap<bigint, Coupon>,
): bigint[] {
  return redemptions
    .filter(({ state }) => state === ParticipantState.HELD)
    .filter(({ couponId, orderId }) => coupons.get(couponId)?.orderId === orderId)
    .map(({ couponId }) => couponId);
}
