import { MAX_CENTS } from "#platform/values/amounts.ts";
import type { Checks } from "#platform/values/checks.ts";

/** What a coupon takes off an order. */
export type Discount = {
  /** Either a fixed amount, or basis points (1/100 of a percent) of the goods amount. */
  off: { kind: "amount"; cents: bigint } | { kind: "percent"; basisPoints: number };
  /** The most that a percentage takes off; 0 for no limit. Always 0 with a fixed amount. */
  maximumOffCents: bigint;
  /** The smallest goods amount on which the coupon can be spent. */
  minimumGoodsAmountCents: bigint;
};

const WHOLE_IN_BASIS_POINTS = 10_000;

/**
 * What the discount takes off a goods amount that reaches its minimum: at most the goods amount. A
 * percentage is rounded down to the cent, so that no order gets more than the percentage.
 */
export function amountOffCents(discount: Discount, goodsAmountCents: bigint): bigint {
  return least(uncappedCents(discount, goodsAmountCents), goodsAmountCents);
}

function uncappedCents(discount: Discount, goodsAmountCents: bigint): bigint {
  if (discount.off.kind === "amount") return discount.off.cents;
  const basisPoints = BigInt(discount.off.basisPoints);
  const cents = (goodsAmountCents * basisPoints) / BigInt(WHOLE_IN_BASIS_POINTS);
  return discount.maximumOffCents === 0n ? cents : least(cents, discount.maximumOffCents);
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** Adds a violation for each invalid field of a discount. */
export function checkDiscount(checks: Checks, field: string, discount: Discount): void {
  const { off, maximumOffCents } = discount;
  if (off.kind === "amount") {
    checks.cents(`${field}.amount_off_cents`, off.cents, { min: 1n });
    checks.that(
      `${field}.maximum_off_cents`,
      maximumOffCents === 0n,
      "must be 0 with amount_off_cents; it limits percentages only",
    );
  } else {
    const bounds = { min: 1, max: WHOLE_IN_BASIS_POINTS };
    checks.integer(`${field}.basis_points_off`, off.basisPoints, bounds);
    checks.cents(`${field}.maximum_off_cents`, maximumOffCents, { max: MAX_CENTS });
  }
  checks.cents(`${field}.minimum_goods_amount_cents`, discount.minimumGoodsAmountCents);
}
