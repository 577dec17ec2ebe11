import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { checkLines } from "./lines.ts";
import type { OrderLine } from "./order.ts";

/** The numbers of shop.order.v1, which reserves 3. REQUIRES_ACTION: an operator has to act. */
export const RefundStatus = { REQUESTED: 1, SUCCEEDED: 2, REQUIRES_ACTION: 4 } as const;
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
  goodwillCents: bigint;
};

export type PlannedRefund = {
  lines: OrderLine[];
  /** Through the provider. */
  payAmountCents: bigint;
  /** To the user's balance. */
  balanceCents: bigint;
  /** The part without goods. */
  goodwillCents: bigint;
  /** The part that is the shipping fee. */
  shippingCents: bigint;
  /** The part that was paid for the goods. */
  spentCents: bigint;
  /** Whether it refunds all goods that were left of the order. */
  whole: boolean;
};

type WantedLines = readonly { goodsId: bigint; quantity: bigint }[];
type Wanted = { lines: WantedLines; goodwillCents: bigint };

/**
 * Plans the refund of the wanted lines and of an amount without goods, the goodwill. Without lines
 * it is the refund of the goodwill alone, and without both of all that is left.
 *
 * A line is worth its share of the goods amount less the coupon. The worth of what is left after
 * each refund is rounded, not each refund, so the refunds of an order add up to exactly what was
 * paid, however it is split. The refund of the last goods includes the shipping fee. Goodwill comes
 * out of what was paid: refunds of lines after it are reduced where nothing is left. Money goes
 * back through the provider first, up to what came from there, and the rest to the balance.
 *
 * Refuses more than is left with INVALID_ARGUMENT, and any refund of an order of whose goods
 * nothing is left with ORDER_STATE_INVALID.
 */
export function planRefund(order: PaidOrder, soFar: RefundedSoFar, wanted: Wanted): PlannedRefund {
  const left = order.lines.flatMap((line) => {
    const quantity = line.quantity - (soFar.quantities.get(line.goodsId) ?? 0n);
    return quantity > 0n ? [{ ...line, quantity }] : [];
  });
  if (left.length === 0) {
    throw new Refusal(Reason.ORDER_STATE_INVALID, { change: "requestRefund", left: "nothing" });
  }
  const { goodwillCents } = wanted;
  const isAll = wanted.lines.length === 0 && goodwillCents === 0n;
  const lines = isAll ? left : chosenLines(left, wanted.lines);
  const leftBefore = { amountCents: amountOf(left), anyGoods: true };
  const leftAfter = {
    amountCents: leftBefore.amountCents - amountOf(lines),
    anyGoods: quantityOf(lines) < quantityOf(left),
  };
  checkGoodwill(order, goodwillCents, refundedInAll(order, leftAfter, soFar.goodwillCents));
  const before = refundedInAll(order, leftBefore, soFar.goodwillCents);
  const after = refundedInAll(order, leftAfter, soFar.goodwillCents + goodwillCents);
  const spentCents = after.spentCents - before.spentCents;
  const shippingCents = after.shippingCents - before.shippingCents;
  const value = spentCents + shippingCents;
  const payAmountCents = least(value, order.payAmountCents - soFar.payAmountCents);
  return {
    lines,
    payAmountCents,
    balanceCents: value - payAmountCents,
    goodwillCents,
    shippingCents,
    spentCents,
    whole: !leftAfter.anyGoods,
  };
}

/** The sum of an order's refunds: the part for the goods, which earned points, and the fee. */
type InAll = Pick<PlannedRefund, "spentCents" | "shippingCents">;

/** The goods that are not refunded. Free goods are goods, though they add nothing to the amount. */
type Left = { amountCents: bigint; anyGoods: boolean };

/**
 * What all refunds of an order add up to once these goods are left and so much goodwill is given.
 * Goodwill beyond what was paid for the goods is from the shipping fee.
 */
function refundedInAll(order: PaidOrder, left: Left, goodwillCents: bigint): InAll {
  const paidForGoods = order.goodsAmountCents - order.couponPaidCents;
  const given = paidForGoods - worth(order, left.amountCents) + goodwillCents;
  const spentCents = least(paidForGoods, given);
  const fee = order.shippingFeeCents;
  return { spentCents, shippingCents: left.anyGoods ? least(fee, given - spentCents) : fee };
}

/** Refuses goodwill above what is left of the payment after `refunded`. */
function checkGoodwill(order: PaidOrder, goodwillCents: bigint, refunded: InAll): void {
  const paid = order.goodsAmountCents - order.couponPaidCents + order.shippingFeeCents;
  const most = paid - refunded.spentCents - refunded.shippingCents;
  const checks = new Checks();
  checks.that("goodwill_cents", goodwillCents <= most, `must be at most ${most}`);
  checks.throwIfAny();
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

/** What the user paid for goods of this amount, rounded down to whole cents. */
function worth({ goodsAmountCents, couponPaidCents }: PaidOrder, amountCents: bigint): bigint {
  if (goodsAmountCents === 0n) return 0n;
  return ((goodsAmountCents - couponPaidCents) * amountCents) / goodsAmountCents;
}

function amountOf(lines: readonly OrderLine[]): bigint {
  return lines.reduce((sum, line) => sum + line.quantity * line.unitPriceCents, 0n);
}

function quantityOf(lines: readonly OrderLine[]): bigint {
  return lines.reduce((sum, { quantity }) => sum + quantity, 0n);
}

function chosenLines(left: readonly OrderLine[], wanted: WantedLines): OrderLine[] {
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
    lines: WantedLines;
    note: string;
    goodwillCents: bigint;
  },
  limits: { maxLines: number; maxNote: number },
): Refusal | undefined {
  const checks = new Checks();
  checks.requestId("request_id", request.requestId);
  checks.identifier("order_id", request.orderId);
  checkLines(checks, request.lines, { min: 0, max: limits.maxLines });
  checks.cents("goodwill_cents", request.goodwillCents);
  checks.text("note", request.note, { max: limits.maxNote, multiline: true });
  return checks.refusal;
}
