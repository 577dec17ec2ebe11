import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { type Coupon, CouponStatus, couponAt, mustRevoke, refusalToSpend } from "./coupon.ts";

const from = new Date("2026-01-10T00:00:00.000Z");
const until = new Date("2026-01-20T00:00:00.000Z");
const within = new Date("2026-01-15T00:00:00.000Z");
const coupon: Coupon = {
  couponId: 7n,
  userId: 1n,
  discount: {
    off: { kind: "amount", cents: 500n },
    maximumOffCents: 0n,
    minimumGoodsAmountCents: 1_000n,
  },
  status: CouponStatus.UNUSED,
  orderId: 0n,
  validFrom: from,
  validUntil: until,
  usedTime: null,
  revokeTime: null,
};
const spending = { couponId: 7n, userId: 1n, goodsAmountCents: 1_000n };
const msFrom = (time: Date, ms: number) => new Date(time.getTime() + ms);

describe("refusalToSpend", () => {
  it("accepts a coupon from the moment it becomes valid until just before it expires", () => {
    for (const now of [from, within, msFrom(until, -1)]) {
      assert.equal(refusalToSpend(coupon, spending, now), undefined);
    }
    for (const now of [msFrom(from, -1), until, msFrom(until, 1)]) {
      assert.equal(refusalToSpend(coupon, spending, now)?.reason, Reason.COUPON_NOT_VALID_NOW);
    }
  });

  it("never expires a coupon without an end", () => {
    const endless = { ...coupon, validUntil: null };
    assert.equal(refusalToSpend(endless, spending, new Date("9999-12-31T23:59:59Z")), undefined);
    const early = refusalToSpend(endless, spending, msFrom(from, -1));
    assert.deepEqual(early?.metadata, { coupon_id: "7", valid_from: "2026-01-10T00:00:00.000Z" });
  });

  it("accepts a goods amount equal to the minimum", () => {
    const refusal = refusalToSpend(coupon, { ...spending, goodsAmountCents: 999n }, within);
    assert.equal(refusal?.reason, Reason.COUPON_MINIMUM_NOT_MET);
    assert.deepEqual(refusal?.metadata, {
      coupon_id: "7",
      goods_amount_cents: "999",
      minimum_goods_amount_cents: "1000",
    });
  });

  it("refuses another user's coupon exactly like a missing one", () => {
    const missing = refusalToSpend(undefined, spending, within);
    assert.equal(missing?.reason, Reason.COUPON_NOT_FOUND);
    const others = { ...coupon, userId: 2n, status: CouponStatus.USED, validUntil: from };
    assert.deepEqual(refusalToSpend(others, spending, within), missing);
  });

  it("refuses a used coupon", () => {
    const revoked = { ...coupon, status: CouponStatus.REVOKED, revokeTime: within };
    assert.deepEqual(refusalToSpend(revoked, spending, until)?.reason, Reason.COUPON_REVOKED);
    const used = { ...coupon, status: CouponStatus.USED, orderId: 9n, usedTime: within };
    const refusal = refusalToSpend(used, spending, within);
    assert.equal(refusal?.reason, Reason.COUPON_ALREADY_USED);
    assert.deepEqual(refusal?.metadata, { coupon_id: "7" });
  });
});

describe("couponAt", () => {
  it("expires an unused coupon at its end, and no other coupon", () => {
    const { UNUSED, USED, EXPIRED, REVOKED } = CouponStatus;
    for (const [status, before, after] of [
      [UNUSED, UNUSED, EXPIRED],
      [USED, USED, USED],
      [REVOKED, REVOKED, REVOKED],
    ] as const) {
      assert.equal(couponAt({ ...coupon, status }, msFrom(until, -1)).status, before);
      assert.equal(couponAt({ ...coupon, status }, until).status, after);
    }
    assert.equal(couponAt({ ...coupon, validUntil: null }, until).status, UNUSED);
    assert.equal(couponAt(couponAt(coupon, until), within).status, UNUSED);
  });
});

describe("mustRevoke", () => {
  it("revokes unused and expired coupons, leaves revoked ones, and refuses used ones", () => {
    const { UNUSED, USED, EXPIRED, REVOKED } = CouponStatus;
    for (const status of [UNUSED, EXPIRED]) assert.equal(mustRevoke({ ...coupon, status }), true);
    assert.equal(mustRevoke({ ...coupon, status: REVOKED }), false);
    assert.throws(
      () => mustRevoke({ ...coupon, status: USED }),
      (error: { reason?: Reason }) => error.reason === Reason.COUPON_ALREADY_USED,
    );
  });
});
