import { Checks } from "#platform/values/checks.ts";
import { fingerprint } from "#platform/values/fingerprint.ts";
import { checkDiscount, type Discount } from "./discount.ts";

/** An administrator's order to give a coupon to a user. */
export type CouponIssue = {
  requestId: string;
  userId: bigint;
  discount: Discount;
  /** Undefined: from now on. */
  validFrom: Date | undefined;
  /** Undefined: without an end. */
  validUntil: Date | undefined;
};

/** Raises Refusal(INVALID_ARGUMENT) with every field that is malformed. */
export function checkIssue(issue: CouponIssue): void {
  const checks = new Checks();
  checks.requestId("request_id", issue.requestId);
  checks.identifier("user_id", issue.userId);
  checkDiscount(checks, "discount", issue.discount);
  if (issue.validFrom) checkPeriod(checks, issue.validFrom, issue.validUntil);
  checks.throwIfAny();
}

/**
 * When a coupon issued now counts. Raises Refusal(INVALID_ARGUMENT) where that is over before it begins. It depends on
 * the clock, so that only a request which was not carried out before may be asked this.
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
  checks.that("valid_until", ends, "must be after valid_from, which is now where it is unset");
}

/** Stands for the contents of an issue, to tell a repeated request_id from one that is used for something else. */
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
