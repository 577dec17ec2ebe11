import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";

export type ShippingRule = { freeFromCents: bigint; feeCents: bigint };

/** Sum of the lines; undefined where it, or a line, is above what is exact everywhere. */
export function goodsAmount(
  lines: readonly { quantity: bigint; unitPriceCents: bigint }[],
): bigint | undefined {
  let sum = 0n;
  for (const line of lines) sum += line.quantity * line.unitPriceCents;
  return sum <= MAX_CENTS ? sum : undefined;
}

/** Free from the limit on, the limit itself included. */
export function shippingFee(goodsAmountCents: bigint, rule: ShippingRule): bigint {
  return goodsAmountCents >= rule.freeFromCents ? 0n : rule.feeCents;
}

/** What is left to pay through a platform. Coupon and balance above the order's amount are refused. */
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
