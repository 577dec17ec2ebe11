import { Checks } from "#platform/values/checks.ts";
import { fingerprint } from "#platform/values/fingerprint.ts";
import type { Refusal } from "#platform/values/refusal.ts";
import { checkDiscount, type Discount } from "./discount.ts";

/** An administrator's request to give a coupon to a user. */
export type CouponIssue = {
  requestId: string;
  userId: bigint;
  discount: Discount;
  /** Undefined: from the moment of issue. */
  validFrom: Date | undefined;
  /** Undefined: the coupon never expires. */
  validUntil: Date | undefined;
};

/**
 * The refusal of malformed contents. Throws only for a malformed request id: a known one is answered
 * by the coupon it issued, even if the rules of today would refuse the contents.
 */
export function faultOf(issue: CouponIssue): Refusal | undefined {
  const checks = new Checks();
  checks.requestId("request_id", issue.requestId);
  checks.throwIfAny();
  checks.identifier("user_id", issue.userId);
  checkDiscount(checks, "discount", issue.discount);
  if (issue.validFrom) checkPeriod(checks, issue.validFrom, issue.validUntil);
  return checks.refusal;
}

/**
 * The validity of a coupon that is issued at `now`. Throws Refusal(INVALID_ARGUMENT) if it would
 * end before it begins. The result depends on the clock, so repeated requests skip this check.
 */
export function periodOf(
  issue: CouponIssue,
  now: Date,
): { validFrom: Date; validUntil: Date | null } {
  const validFrom = issue.validFrom ?? now;
  const checks = new Checks();
  checkPeriod(checks, validFrom, issue.validUntil);
  checks.throwIfAny();
  return { validFrom, validUntil: issue.validUntil ?? null };
}

function checkPeriod(checks: Checks, validFrom: Date, validUntil: Date | undefined): void {
  const ends = validUntil === undefined || validFrom < validUntil;
  checks.that("valid_until", ends, "must be after valid_from, which defaults to now");
}

/** A hash of the contents, to distinguish a repetition of a request_id from its reuse. */
export function fingerprintOf(issue: CouponIssue): Buffer {
  const { off, maximumOffCents, minimumGoodsAmountCents } = issue.discount;
  return fingerprint([
    issue.userId,
    off.kind,
    off.kind === "amount" ? off.cents : off.basisPoints,
    maximumOffCents,
    minimumGoodsAmountCents,
    issue.validFrom?.toISOString() ?? "",
    issue.validUntil?.toISOString() ?? "",
  ]);
}
