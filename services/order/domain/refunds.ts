import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { checkLines } from "./lines.ts";
import type { OrderLine } from "./order.ts";

export const RefundStatus = { REQUESTED: 1, SUCCEEDED: 2, FAILED: 3 } as const;
export type RefundStatus = (typeof RefundStatus)[keyof typeof RefundStatus];

/** What was ordered, and what was paid for it. */
type PaidOrder = {
  lines: readonly OrderLine[];
  goodsAmountCents: bigint;
  shippingFeeCents: bigint;
  couponPaidCents: bigint;
  /** Paid through the provider; the balance paid the rest. */
  payAmountCents: bigint;
};

/** The sum of the order's earlier refunds, finished or not. */
type RefundedSoFar = {
  /** By goods id. */
  quantities: ReadonlyMap<bigint, bigint>;
  payAmountCents: bigint;
};

export type PlannedRefund = {
  lines: OrderLine[];
  /** Through the provider. */
  payAmountCents: bigint;
  /** To the user's balance. */
  balanceCents: bigint;
  /** The part that is the shipping fee. */
  shippingCents: bigint;
  /** The part that earned points. */
  spentCents: bigint;
  /** Whether it refunds all that was left of the order. */
  whole: boolean;
};

type Wanted = readonly { goodsId: bigint; quantity: bigint }[];

/**
 * Plans the refund of the `wanted` lines, or of all that is left if `wanted` is empty.
 *
 * A line is worth its share of the goods amount less the coupon. The worth of what is left after
 * each refund is rounded, not each refund, so the refunds of an order add up to exactly what was
 * paid, however it is split. The refund of the last goods includes the shipping fee. Money goes
 * back through the provider first, up to what came from there, and the rest to the balance.
 *
 * Refuses more than is left with INVALID_ARGUMENT, and any refund of an order of which nothing is
 * left with ORDER_STATE_INVALID.
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
  const throughProvider = order.payAmountCents - soFar.payAmountCents;
  const payAmountCents = value < throughProvider ? value : throughProvider;
  return {
    lines,
    payAmountCents,
    balanceCents: value - payAmountCents,
    shippingCents,
    spentCents: value - shippingCents,
    whole,
  };
}

/** What the user paid for goods of this amount, rounded down to whole cents. */
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
    checks.that(
      `lines[${index}].goods_id`,
      line !== undefined,
      "must be of goods that are left to refund",
    );
    checks.that(`lines[${index}].quantity`, quantity <= most, `must be at most ${most}`);
    return { goodsId, quantity, unitPriceCents: line?.unitPriceCents ?? 0n };
  });
  checks.throwIfAny();
  return chosen;
}

/** Whether the request has a key by which an earlier request could be found. */
export function hasRefundKey(request: { requestId: string; orderId: bigint }): boolean {
  const checks = new Checks();
  checks.requestId("request_id", request.requestId);
  checks.identifier("order_id", request.orderId);
  return !checks.failed;
}

/** The refusal of a request for what can be checked without reading the order, or undefined. */
export function checkRefundRequest(
  request: {
    requestId: string;
    orderId: bigint;
    lines: Wanted;
    note: string;
    goodwillCents: bigint;
  },
  limits: { maxLines: number; maxNote: number },
): Refusal | undefined {
  const checks = new Checks();
  checks.requestId("request_id", request.requestId);
  checks.identifier("order_id", request.orderId);
  checkLines(checks, request.lines, { min: 0, max: limits.maxLines });
  checks.that("goodwill_cents", request.goodwillCents === 0n, "must be 0: it is not served yet");
  checks.text("note", request.note, { max: limits.maxNote, multiline: true });
  return checks.refusal;
}
