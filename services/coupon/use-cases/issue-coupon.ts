import { Reason, Refusal } from "#platform/values/refusal.ts";
import { type Coupon, CouponStatus, couponAt } from "../domain/coupon.ts";
import { type CouponIssue, faultOf, fingerprintOf, periodOf } from "../domain/coupon-issue.ts";
import { databaseNow, findIssued, insertCoupon } from "../store/coupons.ts";
import type { Parts } from "./parts.ts";

/**
 * Gives a coupon to a user. Idempotent by request id: the same contents get the coupon in its
 * current state, other contents REQUEST_ID_REUSED.
 */
export async function issueCoupon(
  { database, identifiers }: Parts,
  issue: CouponIssue,
): Promise<Coupon> {
  const fault = faultOf(issue);
  const requestFingerprint = fingerprintOf(issue);
  return database.transact("issue-coupon", async (tx) => {
    const issued = await findIssued(tx, issue.requestId);
    if (issued) {
      if (requestFingerprint.equals(issued.fingerprint)) return issued.coupon;
      throw new Refusal(Reason.REQUEST_ID_REUSED, { request_id: issue.requestId });
    }
    if (fault) throw fault;
    const now = await databaseNow(tx);
    const coupon: Coupon = {
      couponId: identifiers.next(),
      userId: issue.userId,
      discount: issue.discount,
      status: CouponStatus.UNUSED,
      orderId: 0n,
      ...periodOf(issue, now),
      usedTime: null,
      revokeTime: null,
    };
    await insertCoupon(tx, coupon, { requestId: issue.requestId, requestFingerprint });
    return couponAt(coupon, now);
  });
}
