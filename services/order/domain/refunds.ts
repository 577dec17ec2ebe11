import { MAX_QUANTITY } from "#platform/values/amounts.ts";
import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { OrderLine } from "./order.ts";

export const RefundStatus = { REQUESTED: 1, SUCCEEDED: 2, FAILED: 3 } as const;
export type RefundStatus = (typeof RefundStatus)[keyof typeof RefundStatus];

/** What was paid for an order, and how. */
export type PaidOrder = {
  lines: readonly OrderLine[];
  goodsAmountCents: bigint;
  shippingFeeCents: bigint;
  couponPaidCents: bigint;
  payAmountCents: bigint;
};

/** What all earlier refunds of the order took back, finished or not. */
export type RefundedSoFar = {
  quantities: ReadonlyMap<bigint, bigint>;
  payAmountCents: bigint;
};

export type PlannedRefund = {
  lines: OrderLine[];
  /** Through the platform. */
  payAmountCents: bigint;
  /** To the user's balance. */
  balanceCents: bigint;
  /** The shipping fee in it. */
  shippingCents: bigint;
  /** By what the base of the points shrinks. */
  spentCents: bigint;
  /** With it, everything is back. */
  whole: boolean;
};

type Wanted = readonly { goodsId: bigint; quantity: bigint }[];

/**
 * The refund of some lines, or of all that is left where `wanted` is empty.
 *
 * A line's worth is its share of what goods cost less the coupon. Rounding is done on the sum of all that is back so
 * far, so that the refunds of an order add up to exactly what was paid, however it is split. The refund that takes the
 * last goods back returns the shipping fee too. Money goes back through the platform first, as far as it came from
 * there, and the rest to the balance.
 *
 * Refuses more than is left (INVALID_ARGUMENT), and any refund where nothing is left (ORDER_STATE_INVALID).
 */
export function planRefund(order: PaidOrder, soFar: RefundedSoFar, wanted: Wanted): PlannedRefund {
  const left = order.lines.flatMap((line) => {
    const quantity = line.quantity - (soFar.quantities.get(line.goodsId) ?? 0n);
    return quantity > 0n ? [{ ...line, quantity }] : [];
  });
  if (left.length === 0) {
    throw new Refusal(Reason.ORDER_STATE_INVALID, { change: "requestRefund", left: "nothing" });
  }
  const lines = wanted.length === 0 ? left : chosenLines(left, wanted);
  const leftBefore = amountOf(left);
  const leftAfter = leftBefore - amountOf(lines);
  const whole = leftAfter === 0n;
  const shippingCents = whole ? order.shippingFeeCents : 0n;
  const value = worth(order, leftBefore) - worth(order, leftAfter) + shippingCents;
  const throughPlatform = order.payAmountCents - soFar.payAmountCents;
  const payAmountCents = value < throughPlatform ? value : throughPlatform;
  return {
    lines,
    payAmountCents,
    balanceCents: value - payAmountCents,
    shippingCents,
    spentCents: value - shippingCents,
    whole,
  };
}

/** What the user paid for goods of this amount; the cents that do not divide stay with what is kept longest. */
function worth({ goodsAmountCents, couponPaidCents }: PaidOrder, amountCents: bigint): bigint {
  return ((goodsAmountCents - couponPaidCents) * amountCents) / goodsAmountCents;
}

function amountOf(lines: readonly OrderLine[]): bigint {
  return lines.reduce((sum, line) => sum + line.quantity * line.unitPriceCents, 0n);
}

function chosenLines(left: readonly OrderLine[], wanted: Wanted): OrderLine[] {
  const checks = new Checks();
  const byGoods = new Map(left.map((line) => [line.goodsId, line]));
  const chosen = wanted.map(({ goodsId, quantity }, index) => {
    const line = byGoods.get(goodsId);
    const most = line?.quantity ?? 0n;
    checks.that(`lines[${index}].goods_id`, line !== undefined, "is not left to refund");
    checks.that(`lines[${index}].quantity`, quantity <= most, `must be at most ${most}`);
    return { goodsId, quantity, unitPriceCents: line?.unitPriceCents ?? 0n };
  });
  checks.throwIfAny();
  return chosen;
}

/** What is wrong with the request itself, whatever the order says. */
export function checkRefundRequest(
  request: { requestId: string; orderId: bigint; lines: Wanted; note: string },
  limits: { maxLines: number; maxNote: number },
): void {
  const checks = new Checks();
  checks.requestId("request_id", request.requestId);
  checks.identifier("order_id", request.orderId);
  checks.count("lines", request.lines, { max: limits.maxLines });
  const seen = new Set<bigint>();
  for (const [index, line] of request.lines.slice(0, limits.maxLines).entries()) {
    checks.identifier(`lines[${index}].goods_id`, line.goodsId);
    checks.integer(`lines[${index}].quantity`, line.quantity, { min: 1n, max: MAX_QUANTITY });
    checks.that(`lines[${index}].goods_id`, !seen.has(line.goodsId), "must not stand on two lines");
    seen.add(line.goodsId);
  }
  checks.text("note", request.note, { max: limits.maxNote, multiline: true });
  checks.throwIfAny();
}
