import { Checks } from "#platform/values/checks.ts";
import { couponNotFound, refusalToSpend, type Spending } from "../domain/coupon.ts";
import { amountOffCents } from "../domain/discount.ts";
import { findCouponNow } from "../store/coupons.ts";
import type { Parts } from "./parts.ts";

/**
 * Returns the cents that the coupon would take off now. Spends nothing, and a later use may be
 * refused.
 */
export async function quoteCoupon({ database }: Parts, spending: Spending): Promise<bigint> {
  const checks = new Checks();
  checks.identifier("coupon_id", spending.couponId);
  checks.identifier("user_id", spending.userId);
  checks.cents("goods_amount_cents", spending.goodsAmountCents);
  checks.throwIfAny();
  const found = await findCouponNow(database, spending.couponId);
  if (found === undefined) throw couponNotFound(spending.couponId);
  const refusal = refusalToSpend(found.coupon, spending, found.now);
  if (refusal) throw refusal;
  return amountOffCents(found.coupon.discount, spending.goodsAmountCents);
}
