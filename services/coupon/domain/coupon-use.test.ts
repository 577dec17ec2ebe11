import assert from "node:assert/strict";
import fc from "fast-check";
import { Reason } from "#platform/values/refusal.ts";
import { type Coupon, CouponStatus } from "./coupon.ts";
import {
  answerFrom,
  type CouponUse,
  closedBefore,
  couponsToFree,
  decideUses,
  type UseRecord,
  UseState,
  useFault,
} from "./coupon-use.ts";

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
    status: CouponStatus.unused,
    orderId: 0n,
    validFrom: new Date("2026-01-01T00:00:00.000Z"),
    validUntil: null,
    usedTime: null,
    ...more,
  };
}

const useOf = (orderId: bigint, couponId: bigint, more: Partial<CouponUse> = {}): CouponUse => ({
  orderId,
  couponId,
  userId: 1n,
  goodsAmountCents: 2_000n,
  ...more,
});

const known = (...coupons: Coupon[]) =>
  new Map(coupons.map((coupon) => [coupon.couponId, coupon] as const));

const decideOne = (use: CouponUse, ...coupons: Coupon[]): UseRecord => {
  const [record] = decideUses([use], known(...coupons), now);
  assert.ok(record);
  return record;
};

describe("decideUses", () => {
  it("gives a coupon to the first of two orders and refuses the second", () => {
    const [first, second] = decideUses([useOf(12n, 7n), useOf(11n, 7n)], known(couponOf(7n)), now);
    assert.equal(first?.state, UseState.held);
    assert.equal(first?.amountOffCents, 500n);
    assert.equal(second?.state, UseState.refused);
    assert.equal(second?.refusal?.reason, Reason.COUPON_ALREADY_USED);
  });

  it("leaves a coupon to the next order where the first is refused", () => {
    const poor = useOf(11n, 7n, { goodsAmountCents: 999n });
    const states = decideUses([poor, useOf(12n, 7n)], known(couponOf(7n)), now);
    assert.deepEqual(
      states.map(({ state }) => state),
      [UseState.refused, UseState.held],
    );
  });

  it("holds each coupon for one order at most, and each amount within its goods, whatever is asked", () => {
    const use = fc.record({
      couponId: fc.bigInt({ min: 1n, max: 4n }),
      userId: fc.bigInt({ min: 1n, max: 2n }),
      goodsAmountCents: fc.bigInt({ min: 0n, max: 3_000n }),
    });
    const property = fc.property(fc.array(use, { maxLength: 12 }), (wishes) => {
      const uses = wishes.map((wish, index) => ({ ...wish, orderId: BigInt(index + 1) }));
      const coupons = known(couponOf(1n), couponOf(2n, { userId: 2n }), couponOf(3n));
      const records = decideUses(uses, coupons, now);
      const held = records.filter(({ state }) => state === UseState.held);
      assert.equal(new Set(held.map(({ couponId }) => couponId)).size, held.length);
      for (const record of records) {
        assert.equal(record.state === UseState.refused, record.refusal !== undefined);
        assert.ok(record.amountOffCents <= record.goodsAmountCents);
      }
    });
    fc.assert(property);
  });
});

describe("answerFrom", () => {
  it("gives the first answer again", () => {
    const held = decideOne(useOf(11n, 7n), couponOf(7n));
    assert.deepEqual(answerFrom(held, useOf(11n, 7n)), { orderId: 11n, amountOffCents: 500n });
    const refused = decideOne(useOf(11n, 8n));
    const again = answerFrom(refused, useOf(11n, 8n));
    assert.equal(again.refusal, refused.refusal);
    assert.equal(again.amountOffCents, 0n);
  });

  it("refuses other contents than those that the order holds", () => {
    const held = decideOne(useOf(11n, 7n), couponOf(7n));
    for (const more of [{ couponId: 8n }, { userId: 2n }, { goodsAmountCents: 2_001n }]) {
      const { refusal } = answerFrom(held, useOf(11n, 7n, more));
      assert.equal(refusal?.reason, Reason.INVALID_ARGUMENT);
      assert.equal(refusal?.violations[0]?.field, "order_id");
    }
  });

  it("refuses a use that comes after its order was closed", () => {
    const mark = closedBefore({ orderId: 11n, userId: 1n });
    const { refusal } = answerFrom(mark, useOf(11n, 7n));
    assert.equal(refusal?.reason, Reason.ORDER_CLOSED);
    assert.deepEqual(refusal?.metadata, { order_id: "11" });
  });
});

describe("couponsToFree", () => {
  it("frees what an order holds, and nothing that another order has spent since", () => {
    const held = decideOne(useOf(11n, 7n), couponOf(7n));
    const spentBy = (orderId: bigint) =>
      known(couponOf(7n, { status: CouponStatus.used, orderId }));
    assert.deepEqual(couponsToFree([held], spentBy(11n)), [7n]);
    assert.deepEqual(couponsToFree([held], spentBy(12n)), []);
    assert.deepEqual(couponsToFree([held], known(couponOf(7n))), []);
    assert.deepEqual(couponsToFree([{ ...held, state: UseState.released }], spentBy(11n)), []);
  });
});

describe("useFault", () => {
  it("names the malformed fields of an entry by its place", () => {
    const bad = { orderId: 0n, couponId: -1n, userId: 0n, goodsAmountCents: 2n ** 53n };
    assert.deepEqual(
      useFault(bad, "uses[3]")?.violations.map(({ field }) => field),
      ["uses[3].order_id", "uses[3].coupon_id", "uses[3].user_id", "uses[3].goods_amount_cents"],
    );
    assert.equal(useFault(useOf(1n, 1n), "uses[3]"), undefined);
  });
});
