import { Checks } from "#platform/values/checks.ts";
import { type Coupon, CouponStatus, couponNotFound, mustRevoke } from "../domain/coupon.ts";
import { MAX_NOTE } from "../limits.ts";
import { lockCoupons, markRevoked } from "../store/coupons.ts";
import type { Parts } from "./parts.ts";

/**
 * Takes an unused coupon back. Idempotent: a coupon that is revoked already stays as it is. Throws
 * Refusal(COUPON_NOT_FOUND), and Refusal(COUPON_ALREADY_USED) while an order has spent it.
 */
export async function revokeCoupon(
  { database }: Parts,
  { couponId, note }: { couponId: bigint; note: string },
): Promise<Coupon> {
  const checks = new Checks();
  checks.identifier("coupon_id", couponId);
  checks.text("note", note, { max: MAX_NOTE, multiline: true });
  checks.throwIfAny();
  return database.transact("revoke-coupon", async (tx) => {
    // The lock makes an order that spends the coupon at the same moment come before or after.
    const { coupons, now } = await lockCoupons(tx, [couponId]);
    const coupon = coupons.get(couponId);
    if (coupon === undefined) throw couponNotFound(couponId);
    if (!mustRevoke(coupon)) return coupon;
    await markRevoked(tx, { couponId, note, now });
    return { ...coupon, status: CouponStatus.REVOKED, revokeTime: now };
  });
}
