import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Checks } from "#platform/values/checks.ts";
import { Refusal } from "#platform/values/refusal.ts";
import { amountOffCents, checkDiscount, type Discount } from "./discount.ts";

const amount = (cents: bigint, more: Partial<Discount> = {}): Discount => ({
  off: { kind: "amount", cents },
  maximumOffCents: 0n,
  minimumGoodsAmountCents: 0n,
  ...more,
});

const percent = (basisPoints: number, more: Partial<Discount> = {}): Discount => ({
  ...amount(0n, more),
  off: { kind: "percent", basisPoints },
});

const cents = (min = 0n) => fc.bigInt({ min, max: MAX_CENTS });
const discounts = fc.oneof(
  cents(1n).map((value) => amount(value)),
  fc
    .record({ basisPoints: fc.integer({ min: 1, max: 10_000 }), maximumOffCents: cents() })
    .map(({ basisPoints, maximumOffCents }) => percent(basisPoints, { maximumOffCents })),
);

function faultsOf(discount: Discount): string[] {
  const checks = new Checks();
  checkDiscount(checks, "discount", discount);
  try {
    checks.throwIfAny();
    return [];
  } catch (error) {
    assert.ok(error instanceof Refusal);
    return error.violations.map(({ field }) => field);
  }
}

describe("amountOffCents", () => {
  it("takes a fixed amount off, and never more than the goods cost", () => {
    assert.equal(amountOffCents(amount(500n), 1_000n), 500n);
    assert.equal(amountOffCents(amount(500n), 500n), 500n);
    assert.equal(amountOffCents(amount(500n), 499n), 499n);
    assert.equal(amountOffCents(amount(500n), 0n), 0n);
  });

  it("takes a percentage off and rounds it down to the cent", () => {
    assert.equal(amountOffCents(percent(1_500), 1_000n), 150n);
    assert.equal(amountOffCents(percent(1_500), 999n), 149n);
    assert.equal(amountOffCents(percent(5_000), 1n), 0n);
    assert.equal(amountOffCents(percent(10_000), 999n), 999n);
    assert.equal(amountOffCents(percent(1), 9_999n), 0n);
    assert.equal(amountOffCents(percent(1), 10_000n), 1n);
  });

  it("caps a percentage at its maximum", () => {
    const discount = percent(2_000, { maximumOffCents: 300n });
    assert.equal(amountOffCents(discount, 1_499n), 299n);
    assert.equal(amountOffCents(discount, 1_500n), 300n);
    assert.equal(amountOffCents(discount, 99_999n), 300n);
    assert.equal(amountOffCents(percent(2_000), 99_999n), 19_999n);
  });

  it("is never negative, above the goods amount or above the maximum", () => {
    const property = fc.property(discounts, cents(), (discount, goods) => {
      const off = amountOffCents(discount, goods);
      const { maximumOffCents } = discount;
      return off >= 0n && off <= goods && (maximumOffCents === 0n || off <= maximumOffCents);
    });
    fc.assert(property);
  });

  it("never takes off less when the goods amount grows", () => {
    const property = fc.property(discounts, cents(), cents(), (discount, a, b) => {
      const [less, more] = a < b ? [a, b] : [b, a];
      return amountOffCents(discount, less) <= amountOffCents(discount, more);
    });
    fc.assert(property);
  });

  it("is less than a cent below the exact percentage", () => {
    const basisPoints = fc.integer({ min: 1, max: 10_000 });
    const property = fc.property(basisPoints, cents(), (points, goods) => {
      const missing = goods * BigInt(points) - amountOffCents(percent(points), goods) * 10_000n;
      return missing >= 0n && missing < 10_000n;
    });
    fc.assert(property);
  });
});

describe("checkDiscount", () => {
  it("accepts every valid discount", () => {
    fc.assert(fc.property(discounts, (discount) => faultsOf(discount).length === 0));
  });

  for (const [name, discount, field] of [
    ["an amount of 0", amount(0n), "discount.amount_off_cents"],
    ["an amount beyond 2^53", amount(MAX_CENTS + 1n), "discount.amount_off_cents"],
    ["0 basis points", percent(0), "discount.basis_points_off"],
    ["more than all", percent(10_001), "discount.basis_points_off"],
    ["a negative share", percent(-1), "discount.basis_points_off"],
    ["a negative maximum", percent(1, { maximumOffCents: -1n }), "discount.maximum_off_cents"],
    ["a maximum of a fixed one", amount(1n, { maximumOffCents: 1n }), "discount.maximum_off_cents"],
    [
      "a negative minimum",
      amount(1n, { minimumGoodsAmountCents: -1n }),
      "discount.minimum_goods_amount_cents",
    ],
  ] as const) {
    it(`names the field of ${name}`, () => assert.deepEqual(faultsOf(discount), [field]));
  }
});
