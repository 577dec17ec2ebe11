import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { Discount } from "./discount.ts";

/**
 * The numbers are those of shop.coupon.v1.CouponStatus. The column never has EXPIRED: it follows
 * from UNUSED and the time.
 */
export const CouponStatus = { UNUSED: 1, USED: 2, EXPIRED: 3, REVOKED: 4 } as const;
export type CouponStatus = (typeof CouponStatus)[keyof typeof CouponStatus];

export type Coupon = {
  couponId: bigint;
  userId: bigint;
  discount: Discount;
  status: CouponStatus;
  /** The order that spent it; 0 while unused. */
  orderId: bigint;
  /** Inclusive. */
  validFrom: Date;
  /** Exclusive; null if the coupon never expires. */
  validUntil: Date | null;
  usedTime: Date | null;
  /** Null unless the coupon is revoked. */
  revokeTime: Date | null;
};

/** The same coupon with the status that it has at this moment: an unused one may have expired. */
export function couponAt(coupon: Coupon, now: Date): Coupon {
  const unused = coupon.status === CouponStatus.UNUSED || coupon.status === CouponStatus.EXPIRED;
  if (!unused) return coupon;
  const status = hasExpired(coupon, now) ? CouponStatus.EXPIRED : CouponStatus.UNUSED;
  return { ...coupon, status };
}

/** A user's request to spend a coupon on goods of this amount. */
export type Spending = { couponId: bigint; userId: bigint; goodsAmountCents: bigint };

/**
 * Why the coupon cannot be spent at this moment, undefined if it can. Another user's coupon gets
 * the same refusal as a coupon that does not exist, so that the answer does not reveal it.
 */
export function refusalToSpend(
  coupon: Coupon | undefined,
  spending: Spending,
  now: Date,
): Refusal | undefined {
  if (coupon === undefined || coupon.userId !== spending.userId) {
    return couponNotFound(spending.couponId);
  }
  const facts = { coupon_id: String(spending.couponId) };
  if (coupon.status === CouponStatus.USED) return new Refusal(Reason.COUPON_ALREADY_USED, facts);
  if (coupon.status === CouponStatus.REVOKED) return new Refusal(Reason.COUPON_REVOKED, facts);
  if (!isValidAt(coupon, now)) {
    return new Refusal(Reason.COUPON_NOT_VALID_NOW, {
      ...facts,
      valid_from: coupon.validFrom.toISOString(),
      ...(coupon.validUntil && { valid_until: coupon.validUntil.toISOString() }),
    });
  }
  const minimum = coupon.discount.minimumGoodsAmountCents;
  if (spending.goodsAmountCents < minimum) {
    return new Refusal(Reason.COUPON_MINIMUM_NOT_MET, {
      ...facts,
      goods_amount_cents: String(spending.goodsAmountCents),
      minimum_goods_amount_cents: String(minimum),
    });
  }
  return undefined;
}

/** Whether the coupon still has to be revoked. Throws Refusal(COUPON_ALREADY_USED). */
export function mustRevoke(coupon: Coupon): boolean {
  if (coupon.status !== CouponStatus.USED) return coupon.status !== CouponStatus.REVOKED;
  throw new Refusal(Reason.COUPON_ALREADY_USED, { coupon_id: String(coupon.couponId) });
}

export function couponNotFound(couponId: bigint): Refusal {
  return new Refusal(Reason.COUPON_NOT_FOUND, { coupon_id: String(couponId) });
}

function isValidAt(coupon: Coupon, now: Date): boolean {
  return coupon.validFrom <= now && !hasExpired(coupon, now);
}

function hasExpired({ validUntil }: Coupon, now: Date): boolean {
  return validUntil !== null && now >= validUntil;
}
