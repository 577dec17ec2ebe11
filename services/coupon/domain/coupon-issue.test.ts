import assert from "node:assert/strict";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { type CouponIssue, faultOf, fingerprintOf, periodOf } from "./coupon-issue.ts";

const now = new Date("2026-01-15T12:00:00.000Z");
const before = new Date("2026-01-10T00:00:00.000Z");
const after = new Date("2026-01-20T00:00:00.000Z");
const issue: CouponIssue = {
  requestId: "issue-1",
  userId: 1n,
  discount: {
    off: { kind: "percent", basisPoints: 1_500 },
    maximumOffCents: 300n,
    minimumGoodsAmountCents: 1_000n,
  },
  validFrom: undefined,
  validUntil: undefined,
};

function fieldsOf(work: () => unknown): string[] {
  try {
    work();
    return [];
  } catch (error) {
    assert.ok(error instanceof Refusal && error.reason === Reason.INVALID_ARGUMENT);
    return error.violations.map(({ field }) => field);
  }
}

describe("an issue", () => {
  it("names every malformed field at once", () => {
    const discount = { ...issue.discount, maximumOffCents: -1n };
    const bad = {
      ...issue,
      userId: 0n,
      discount,
      validFrom: after,
      validUntil: now,
    };
    const fields = ["user_id", "discount.maximum_off_cents", "valid_until"];
    assert.deepEqual(
      faultOf(bad)?.violations.map(({ field }) => field),
      fields,
    );
    assert.equal(faultOf(issue), undefined);
    assert.deepEqual(
      fieldsOf(() => faultOf({ ...bad, requestId: "" })),
      ["request_id"],
    );
  });

  it("is valid from now on and never expires by default", () => {
    assert.deepEqual(periodOf(issue, now), { validFrom: now, validUntil: null });
    const given = { ...issue, validFrom: before, validUntil: after };
    assert.deepEqual(periodOf(given, now), { validFrom: before, validUntil: after });
  });

  it("may have expired already if both ends are given, but must not end before it begins", () => {
    const over = { ...issue, validFrom: new Date(0), validUntil: before };
    assert.deepEqual(periodOf(over, now), { validFrom: new Date(0), validUntil: before });
    assert.deepEqual(
      fieldsOf(() => periodOf({ ...issue, validUntil: before }, now)),
      ["valid_until"],
    );
    const empty = faultOf({ ...issue, validFrom: after, validUntil: after });
    assert.deepEqual(
      empty?.violations.map(({ field }) => field),
      ["valid_until"],
    );
  });

  it("has a fingerprint of its contents, not of its request id", () => {
    const same = fingerprintOf({ ...issue, requestId: "issue-2" });
    assert.deepEqual(fingerprintOf(issue), same);
    const amount = { kind: "amount" as const, cents: 1_500n };
    const others: CouponIssue[] = [
      { ...issue, userId: 2n },
      { ...issue, discount: { ...issue.discount, off: amount } },
      { ...issue, discount: { ...issue.discount, maximumOffCents: 0n } },
      { ...issue, discount: { ...issue.discount, minimumGoodsAmountCents: 0n } },
      { ...issue, validFrom: before },
      { ...issue, validUntil: before },
    ];
    const all = [issue, ...others].map((one) => fingerprintOf(one).toString("hex"));
    assert.equal(new Set(all).size, all.length);
  });
});
