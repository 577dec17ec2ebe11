import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { Discount } from "./discount.ts";

/** The numbers are those of the contract and of the database. */
export const CouponStatus = { unused: 1, used: 2 } as const;
export type CouponStatus = (typeof CouponStatus)[keyof typeof CouponStatus];

export type Coupon = {
  couponId: bigint;
  userId: bigint;
  discount: Discount;
  status: CouponStatus;
  /** The order it is spent on, 0 while unused. */
  orderId: bigint;
  /** Inclusive. */
  validFrom: Date;
  /** Exclusive; null is without an end. */
  validUntil: Date | null;
  usedTime: Date | null;
};

/** A user's wish to spend a coupon on goods of this amount. */
export type Spending = { couponId: bigint; userId: bigint; goodsAmountCents: bigint };

/**
 * Why the coupon cannot be spent at this moment, or undefined where it can. Another user's coupon is refused in the
 * words of a missing one, so that nobody learns that it exists.
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
  if (coupon.status === CouponStatus.used) return new Refusal(Reason.COUPON_ALREADY_USED, facts);
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

export function couponNotFound(couponId: bigint): Refusal {
  return new Refusal(Reason.COUPON_NOT_FOUND, { coupon_id: String(couponId) });
}

export function isValidAt(period: Pick<Coupon, "validFrom" | "validUntil">, now: Date): boolean {
  return period.validFrom <= now && (period.validUntil === null || now < period.validUntil);
}
