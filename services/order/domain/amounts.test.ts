import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { goodsAmount, payAmount, shippingFee } from "./amounts.ts";

const rule = { freeFromCents: 10_000n, feeCents: 1_000n };
const cents = (max: bigint) => fc.bigInt({ min: 0n, max });

describe("amounts", () => {
  it("adds up lines exactly and returns undefined above MAX_CENTS", () => {
    const line = (quantity: bigint, unitPriceCents: bigint) => ({ quantity, unitPriceCents });
    assert.equal(goodsAmount([line(2n, 150n), line(1n, 1n)]), 301n);
    assert.equal(goodsAmount([line(1n, MAX_CENTS)]), MAX_CENTS);
    assert.equal(goodsAmount([line(1n, MAX_CENTS), line(1n, 1n)]), undefined);
    assert.equal(goodsAmount([line(1_000_000n, 2n ** 63n - 1n)]), undefined);
  });

  it("charges the fee below the limit and nothing from the limit on", () => {
    assert.equal(shippingFee(9_999n, rule), 1_000n);
    assert.equal(shippingFee(10_000n, rule), 0n);
    assert.equal(shippingFee(10_001n, rule), 0n);
  });

  it("leaves to pay what coupon and balance do not cover, and refuses an overpaid order", () => {
    const parts = fc.record({
      orderAmountCents: cents(MAX_CENTS),
      couponPaidCents: cents(MAX_CENTS),
      balanceCents: cents(MAX_CENTS),
    });
    fc.assert(
      fc.property(parts, (order) => {
        const left = payAmount(order);
        const covered = order.couponPaidCents + order.balanceCents;
        if (covered > order.orderAmountCents) {
          return left instanceof Refusal && left.reason === Reason.OVERPAID;
        }
        return typeof left === "bigint" && left >= 0n && left + covered === order.orderAmountCents;
      }),
    );
  });
});
