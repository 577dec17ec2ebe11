import { MAX_CENTS, MAX_IDENTIFIER } from "#platform/values/amounts.ts";
import { Checks } from "#platform/values/checks.ts";
import { fingerprint } from "#platform/values/fingerprint.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { amountTooLarge, goodsAmount, type ShippingRule, shippingFee } from "./amounts.ts";
import { checkLines } from "./lines.ts";
import type { KeptSettings, OrderLine } from "./order.ts";

/** A request to place an order, as the client sent it. */
export type PlaceCommand = {
  requestId: string;
  userId: bigint;
  lines: OrderLine[];
  address: { consignee: string; mobile: string; text: string };
  shippingFeeCents: bigint;
  orderAmountCents: bigint;
  /** 0n for an order without a coupon. */
  couponId: bigint;
  balanceCents: bigint;
};

/** A checked request with its id, the goods amount that the server computed, and the settings. */
export type PlannedOrder = PlaceCommand &
  KeptSettings & { orderId: bigint; goodsAmountCents: bigint };

/** Bounds of a request, as limits.ts names them. */
type RequestLimits = {
  MAX_LINES: number;
  MAX_CONSIGNEE: number;
  MAX_ADDRESS: number;
};

/** Whether the request has a key by which an earlier request could be found. */
export function hasKey({ requestId, userId }: Pick<PlaceCommand, "requestId" | "userId">): boolean {
  const checks = new Checks();
  checks.requestId("request_id", requestId);
  checks.identifier("user_id", userId);
  return !checks.failed;
}

/**
 * Checks what can be checked of a request without asking another service. Returns its goods amount,
 * or the refusal INVALID_ARGUMENT, SHIPPING_FEE_INVALID, ORDER_AMOUNT_INVALID or OVERPAID. Only a
 * request whose key is new is refused: the settings may have changed since the first one.
 */
export function checkRequest(
  command: PlaceCommand,
  rules: { limits: RequestLimits; shipping: ShippingRule },
): bigint | Refusal {
  const checks = new Checks();
  const { limits } = rules;
  checks.requestId("request_id", command.requestId);
  checks.identifier("user_id", command.userId);
  checkLines(checks, command.lines, { min: 1, max: limits.MAX_LINES });
  for (const [index, line] of command.lines.slice(0, limits.MAX_LINES).entries()) {
    checks.cents(`lines[${index}].unit_price_cents`, line.unitPriceCents);
  }
  const { consignee, mobile } = command.address;
  checks.line("address.consignee", consignee, { min: 1, max: limits.MAX_CONSIGNEE });
  checks.phone("address.mobile", mobile);
  checks.text("address.text", command.address.text, {
    min: 1,
    max: limits.MAX_ADDRESS,
    multiline: true,
  });
  checks.cents("shipping_fee_cents", command.shippingFeeCents);
  checks.cents("order_amount_cents", command.orderAmountCents);
  checks.integer("coupon_id", command.couponId, { min: 0n, max: MAX_IDENTIFIER });
  checks.cents("balance_cents", command.balanceCents);
  if (checks.refusal) return checks.refusal;

  const goods = goodsAmount(command.lines);
  if (goods === undefined || goods + command.shippingFeeCents > MAX_CENTS) return amountTooLarge();
  return amountsRefusal(command, goods, rules.shipping) ?? goods;
}

function amountsRefusal(
  command: PlaceCommand,
  goods: bigint,
  rule: ShippingRule,
): Refusal | undefined {
  const fee = shippingFee(goods, rule);
  if (command.shippingFeeCents !== fee) {
    return new Refusal(Reason.SHIPPING_FEE_INVALID, {
      shipping_fee_cents: String(command.shippingFeeCents),
      expected_cents: String(fee),
    });
  }
  if (command.orderAmountCents !== goods + fee) {
    return new Refusal(Reason.ORDER_AMOUNT_INVALID, {
      order_amount_cents: String(command.orderAmountCents),
      expected_cents: String(goods + fee),
    });
  }
  if (command.balanceCents > command.orderAmountCents) {
    return new Refusal(Reason.OVERPAID, {
      order_amount_cents: String(command.orderAmountCents),
      balance_cents: String(command.balanceCents),
    });
  }
  return undefined;
}

/** Equal for a repetition of the request; different for another request under the same key. */
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
