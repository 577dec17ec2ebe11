import assert from "node:assert/strict";
import fc from "fast-check";
import { ParticipantState } from "#platform/values/participant.ts";
import { Reason } from "#platform/values/refusal.ts";
import { type Coupon, CouponStatus } from "./coupon.ts";
import { decideRedemptions } from "./redeem.ts";
import type { Redemption, RedemptionRequest } from "./redemption.ts";
import { couponsToFree } from "./release.ts";

const { HELD, RELEASED, REFUSED } = ParticipantState;
const now = new Date("2026-01-15T00:00:00.000Z");

function couponOf(couponId: bigint, more: Partial<Coupon> = {}): Coupon {
  return {
    couponId,
    userId: 1n,
    discount: {
      off: { kind: "amount", cents: 500n },
      maximumOffCents: 0n,
      minimumGoodsAmountCents: 1_000n,
    },
    status: CouponStatus.UNUSED,
    orderId: 0n,
    validFrom: new Date("2026-01-01T00:00:00.000Z"),
    validUntil: null,
    usedTime: null,
    revokeTime: null,
    ...more,
  };
}

const requestOf = (
  orderId: bigint,
  couponId: bigint,
  more: Partial<RedemptionRequest> = {},
): RedemptionRequest => ({ orderId, couponId, userId: 1n, goodsAmountCents: 2_000n, ...more });

const known = (...coupons: Coupon[]) =>
  new Map(coupons.map((coupon) => [coupon.couponId, coupon] as const));

const decide = (requests: RedemptionRequest[], ...coupons: Coupon[]): Redemption[] =>
  decideRedemptions(requests, { coupons: known(...coupons), now });

describe("decideRedemptions", () => {
  it("gives a coupon to the first of two orders and refuses the second", () => {
    const [first, second] = decide([requestOf(12n, 7n), requestOf(11n, 7n)], couponOf(7n));
    assert.equal(first?.state, HELD);
    assert.equal(first?.amountOffCents, 500n);
    assert.equal(second?.state, REFUSED);
    assert.equal(second?.refusal?.reason, Reason.COUPON_ALREADY_USED);
  });

  it("leaves a coupon to the next order if the first is refused", () => {
    const tooSmall = requestOf(11n, 7n, { goodsAmountCents: 999n });
    const redemptions = decide([tooSmall, requestOf(12n, 7n)], couponOf(7n));
    assert.deepEqual(
      redemptions.map(({ state }) => state),
      [REFUSED, HELD],
    );
  });

  it("never holds a coupon for two orders and never takes more than the goods amount", () => {
    const wish = fc.record({
      couponId: fc.bigInt({ min: 1n, max: 4n }),
      userId: fc.bigInt({ min: 1n, max: 2n }),
      goodsAmountCents: fc.bigInt({ min: 0n, max: 3_000n }),
    });
    const property = fc.property(fc.array(wish, { maxLength: 12 }), (wishes) => {
      const requests = wishes.map((one, index) => ({ ...one, orderId: BigInt(index + 1) }));
      const coupons = [couponOf(1n), couponOf(2n, { userId: 2n }), couponOf(3n)];
      const redemptions = decide(requests, ...coupons);
      const held = redemptions.filter(({ state }) => state === HELD);
      assert.equal(new Set(held.map(({ couponId }) => couponId)).size, held.length);
      for (const { state, refusal, amountOffCents, goodsAmountCents } of redemptions) {
        assert.equal(state === REFUSED, refusal !== undefined);
        assert.ok(amountOffCents <= goodsAmountCents);
      }
    });
    fc.assert(property);
  });
});

describe("couponsToFree", () => {
  it("frees what an order holds, and no coupon that another order has spent since", () => {
    const [held] = decide([requestOf(11n, 7n)], couponOf(7n));
    assert.ok(held);
    const spentBy = (orderId: bigint) =>
      known(couponOf(7n, { status: CouponStatus.USED, orderId }));
    assert.deepEqual(couponsToFree([held], spentBy(11n)), [7n]);
    assert.deepEqual(couponsToFree([held], spentBy(12n)), []);
    assert.deepEqual(couponsToFree([held], known(couponOf(7n))), []);
    assert.deepEqual(couponsToFree([{ ...held, state: RELEASED }], spentBy(11n)), []);
  });
});
