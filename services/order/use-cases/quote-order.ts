import { MAX_CENTS, MAX_IDENTIFIER } from "#platform/values/amounts.ts";
import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { amountTooLarge, goodsAmount, payAmount, shippingFee } from "../domain/amounts.ts";
import { checkLines } from "../domain/lines.ts";
import type { SoldLine } from "../domain/order.ts";
import { MAX_LINES } from "../limits.ts";
import type { CallContext, Parts } from "./parts.ts";

type QuoteCommand = {
  userId: bigint;
  lines: { goodsId: bigint; quantity: bigint }[];
  couponId: bigint;
  balanceCents: bigint;
};

/**
 * What the order would cost now, without reserving anything. Refuses what PlaceOrder would refuse.
 */
export async function quoteOrder(
  parts: Pick<Parts, "goods" | "coupon" | "user" | "rules">,
  command: QuoteCommand,
  call: CallContext,
) {
  const { userId, couponId, balanceCents } = command;
  checkQuote(command);
  const { deadlineMs, traceparent, signal } = call;
  const options = { deadlineMs, traceparent, signal };
  const [lines, balance] = await Promise.all([
    pricedLines(parts, command, options),
    parts.user.balance(userId, options),
  ]);
  if (balanceCents > balance) {
    throw new Refusal(Reason.BALANCE_NOT_ENOUGH, {
      user_id: String(userId),
      requested: String(balanceCents),
      available: String(balance),
    });
  }
  const goodsAmountCents = goodsAmount(lines);
  if (goodsAmountCents === undefined) throw amountTooLarge();
  const shippingFeeCents = shippingFee(goodsAmountCents, parts.rules.shipping);
  const orderAmountCents = goodsAmountCents + shippingFeeCents;
  if (orderAmountCents > MAX_CENTS) throw amountTooLarge();
  const couponPaidCents =
    couponId === 0n
      ? 0n
      : await parts.coupon.quote({ couponId, userId, goodsAmountCents }, options);
  const payAmountCents = payAmount({ orderAmountCents, couponPaidCents, balanceCents });
  if (payAmountCents instanceof Refusal) throw payAmountCents;
  return {
    lines,
    goodsAmountCents,
    shippingFeeCents,
    orderAmountCents,
    couponPaidCents,
    balancePaidCents: balanceCents,
    payAmountCents,
  };
}

function checkQuote(command: QuoteCommand): void {
  const checks = new Checks();
  checks.identifier("user_id", command.userId);
  checkLines(checks, command.lines, { min: 1, max: MAX_LINES });
  checks.integer("coupon_id", command.couponId, { min: 0n, max: MAX_IDENTIFIER });
  checks.cents("balance_cents", command.balanceCents);
  checks.throwIfAny();
}

async function pricedLines(
  parts: Pick<Parts, "goods">,
  { lines }: QuoteCommand,
  options: Pick<CallContext, "deadlineMs" | "traceparent" | "signal">,
): Promise<SoldLine[]> {
  const goodsIds = lines.map(({ goodsId }) => goodsId);
  const prices = await parts.goods.prices(goodsIds, options);
  return lines.map(({ goodsId, quantity }) => {
    const goods = prices.get(goodsId);
    const metadata = { goods_id: String(goodsId) };
    if (!goods) throw new Refusal(Reason.GOODS_NOT_FOUND, metadata);
    if (!goods.onSale) throw new Refusal(Reason.GOODS_NOT_ON_SALE, metadata);
    if (goods.stock < quantity) {
      const numbers = { requested: String(quantity), available: String(goods.stock) };
      throw new Refusal(Reason.STOCK_NOT_ENOUGH, { ...metadata, ...numbers });
    }
    const { name, sku, unitPriceCents } = goods;
    return { goodsId, quantity, unitPriceCents, name, sku };
  });
}
