import { MAX_CENTS, MAX_QUANTITY } from "#platform/values/amounts.ts";
import { Checks } from "#platform/values/checks.ts";
import { fingerprint } from "#platform/values/fingerprint.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { goodsAmount, type ShippingRule, shippingFee } from "./amounts.ts";
import type { PlaceCommand } from "./order.ts";

export type RequestLimits = {
  maxLines: number;
  maxConsignee: number;
  maxMobile: number;
  maxAddress: number;
};

/**
 * Refuses a request that cannot become an order whatever stock, coupon and balance say, and returns the sum of its
 * lines. Nothing has been written by then.
 */
export function checkRequest(
  command: PlaceCommand,
  rules: { limits: RequestLimits; shipping: ShippingRule },
): bigint {
  const checks = new Checks();
  const { limits } = rules;
  checks.requestId("request_id", command.requestId);
  checks.identifier("user_id", command.userId);
  checkLines(checks, command.lines, limits.maxLines);
  for (const [index, line] of command.lines.slice(0, limits.maxLines).entries()) {
    checks.cents(`lines[${index}].unit_price_cents`, line.unitPriceCents, { min: 1n });
  }
  checks.text("address.consignee", command.address.consignee, { min: 1, max: limits.maxConsignee });
  checks.text("address.mobile", command.address.mobile, { min: 1, max: limits.maxMobile });
  checks.text("address.text", command.address.text, {
    min: 1,
    max: limits.maxAddress,
    multiline: true,
  });
  checks.cents("shipping_fee_cents", command.shippingFeeCents);
  checks.cents("order_amount_cents", command.orderAmountCents);
  checks.integer("coupon_id", command.couponId, { min: 0n, max: 2n ** 63n - 1n });
  checks.cents("balance_cents", command.balanceCents);
  checks.throwIfAny();

  const goods = goodsAmount(command.lines);
  if (goods === undefined || goods + command.shippingFeeCents > MAX_CENTS) {
    checks.violation("lines", `must not add up to more than ${MAX_CENTS} cents`);
  }
  checks.throwIfAny();
  checkAmounts(command, goods as bigint, rules.shipping);
  return goods as bigint;
}

/** Lines of a quote or an order: at least one, positive quantities, no goods twice. */
export function checkLines(
  checks: Checks,
  lines: readonly { goodsId: bigint; quantity: bigint }[],
  maxLines: number,
): void {
  checks.count("lines", lines, { min: 1, max: maxLines });
  const seen = new Set<bigint>();
  for (const [index, line] of lines.slice(0, maxLines).entries()) {
    checks.identifier(`lines[${index}].goods_id`, line.goodsId);
    checks.integer(`lines[${index}].quantity`, line.quantity, { min: 1n, max: MAX_QUANTITY });
    checks.that(`lines[${index}].goods_id`, !seen.has(line.goodsId), "must not stand on two lines");
    seen.add(line.goodsId);
  }
}

function checkAmounts(command: PlaceCommand, goods: bigint, rule: ShippingRule): void {
  const fee = shippingFee(goods, rule);
  if (command.shippingFeeCents !== fee) {
    throw new Refusal(Reason.SHIPPING_FEE_INVALID, {
      shipping_fee_cents: String(command.shippingFeeCents),
      expected_cents: String(fee),
    });
  }
  if (command.orderAmountCents !== goods + fee) {
    throw new Refusal(Reason.ORDER_AMOUNT_INVALID, {
      order_amount_cents: String(command.orderAmountCents),
      expected_cents: String(goods + fee),
    });
  }
  if (command.balanceCents > command.orderAmountCents) {
    throw new Refusal(Reason.OVERPAID, {
      order_amount_cents: String(command.orderAmountCents),
      balance_cents: String(command.balanceCents),
    });
  }
}

/** Tells a repeated request from another one under the same key. */
export function requestFingerprint(command: PlaceCommand): Buffer {
  const { address } = command;
  return fingerprint([
    command.shippingFeeCents,
    command.orderAmountCents,
    command.couponId,
    command.balanceCents,
    address.consignee,
    address.mobile,
    address.text,
    ...command.lines.flatMap((line) => [line.goodsId, line.quantity, line.unitPriceCents]),
  ]);
}
