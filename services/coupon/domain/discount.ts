import { MAX_CENTS } from "#platform/values/amounts.ts";
import type { Checks } from "#platform/values/checks.ts";

/** What a coupon takes off, amounts in cents. */
export type Discount = {
  /** Either a fixed amount, or hundredths of a percent of the goods amount. */
  off: { kind: "amount"; cents: bigint } | { kind: "percent"; basisPoints: number };
  /** The most that a percentage takes off; 0 is no limit. Always 0 with a fixed amount. */
  maximumOffCents: bigint;
  /** The goods amount from which the coupon counts, inclusive. */
  minimumGoodsAmountCents: bigint;
};

export const WHOLE_IN_BASIS_POINTS = 10_000;

/**
 * What the discount takes off a goods amount that meets its minimum. A percentage is rounded down to the cent, so that
 * no order ever gets more than the percentage says, and nothing takes off more than the goods amount.
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

/** Adds a violation for each field of a discount that no coupon may have. */
export function checkDiscount(checks: Checks, field: string, discount: Discount): void {
  const { off, maximumOffCents } = discount;
  if (off.kind === "amount") {
    checks.cents(`${field}.amount_off_cents`, off.cents, { min: 1n });
    checks.that(
      `${field}.maximum_off_cents`,
      maximumOffCents === 0n,
      "bounds a percentage only: must be 0 with amount_off_cents",
    );
  } else {
    const bounds = { min: 1, max: WHOLE_IN_BASIS_POINTS };
    checks.integer(`${field}.basis_points_off`, off.basisPoints, bounds);
    checks.cents(`${field}.maximum_off_cents`, maximumOffCents, { max: MAX_CENTS });
  }
  checks.cents(`${field}.minimum_goods_amount_cents`, discount.minimumGoodsAmountCents);
}
