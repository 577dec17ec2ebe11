import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";

export type ShippingRule = {
  /** Goods amounts from this one on, itself included, ship for free. */
  freeFromCents: bigint;
  feeCents: bigint;
};

/** The sum of the lines, or undefined if it exceeds MAX_CENTS. */
export function goodsAmount(
  lines: readonly { quantity: bigint; unitPriceCents: bigint }[],
): bigint | undefined {
  let sum = 0n;
  for (const line of lines) sum += line.quantity * line.unitPriceCents;
  return sum <= MAX_CENTS ? sum : undefined;
}

/** The refusal of lines that, with the shipping fee, add up to more than MAX_CENTS. */
export function amountTooLarge(): Refusal {
  const description = `must not add up to more than ${MAX_CENTS} cents`;
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field: "lines", description }]);
}

export function shippingFee(goodsAmountCents: bigint, rule: ShippingRule): bigint {
  return goodsAmountCents >= rule.freeFromCents ? 0n : rule.feeCents;
}

/**
 * What remains to be paid through a provider, or the refusal OVERPAID if coupon and balance exceed
 * the order amount.
 */
export function payAmount(order: {
  orderAmountCents: bigint;
  couponPaidCents: bigint;
  balanceCents: bigint;
}): bigint | Refusal {
  const left = order.orderAmountCents - order.couponPaidCents - order.balanceCents;
  if (left >= 0n) return left;
  return new Refusal(Reason.OVERPAID, {
    order_amount_cents: String(order.orderAmountCents),
    coupon_paid_cents: String(order.couponPaidCents),
    balance_cents: String(order.balanceCents),
  });
}
