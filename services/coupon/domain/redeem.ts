import { ParticipantState } from "#platform/values/participant.ts";
import { type Coupon, CouponStatus, refusalToSpend } from "./coupon.ts";
import { amountOffCents } from "./discount.ts";
import type { Redemption, RedemptionRequest } from "./redemption.ts";

/**
 * Decides requests of orders without a decision, in the order given: if two want the same coupon,
 * the first gets it. A refusal affects no other order. `coupons` has the coupons that exist, as
 * locked, and `now` the database's time.
 */
export function decideRedemptions(
  requests: readonly RedemptionRequest[],
  { coupons, now }: { coupons: ReadonlyMap<bigint, Coupon>; now: Date },
): Redemption[] {
  const current = new Map(coupons);
  return requests.map((request): Redemption => {
    const coupon = current.get(request.couponId);
    const refusal = refusalToSpend(coupon, request, now);
    if (!coupon || refusal) {
      return { ...request, amountOffCents: 0n, state: ParticipantState.REFUSED, refusal };
    }
    const { orderId, couponId, goodsAmountCents } = request;
    current.set(couponId, { ...coupon, status: CouponStatus.USED, orderId });
    return {
      ...request,
      amountOffCents: amountOffCents(coupon.discount, goodsAmountCents),
      state: ParticipantState.HELD,
      refusal: undefined,
    };
  });
}
