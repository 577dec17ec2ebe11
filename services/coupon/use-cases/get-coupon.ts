import { Checks } from "#platform/values/checks.ts";
import { type Coupon, couponNotFound } from "../domain/coupon.ts";
import { findCouponNow } from "../store/coupons.ts";
import type { Parts } from "./parts.ts";

/** Returns a coupon. With `ownerId`, another user's coupon is COUPON_NOT_FOUND. */
export async function getCoupon(
  { database }: Parts,
  query: { couponId: bigint; ownerId: bigint | undefined },
): Promise<Coupon> {
  const checks = new Checks();
  checks.identifier("coupon_id", query.couponId);
  checks.throwIfAny();
  const coupon = (await findCouponNow(database, query.couponId))?.coupon;
  const hidden = query.ownerId !== undefined && coupon?.userId !== query.ownerId;
  if (coupon === undefined || hidden) throw couponNotFound(query.couponId);
  return coupon;
}
