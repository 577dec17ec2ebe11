import type { Order } from "#proto/shop/order/v1/order_pb.ts";
import { CommandError } from "../../ops/command/command.ts";
import type { Demo } from "./prepare.ts";
import { stateOf } from "./story.ts";

const BALANCE_CENTS = 1_500n;

/** Quotes and places the order, with a coupon and a part of the balance. */
export async function placeOrder({ shopper, userId, ...demo }: Demo): Promise<Order> {
  const { couponId, goods, story, money } = demo;
  story.chapter("The shopper asks for a quote and places the order");
  const wanted = goods.map(({ goodsId }, index) => ({ goodsId, quantity: BigInt(2 - index) }));
  const balanceCents = BALANCE_CENTS;
  const quote = await shopper.order.quoteOrder({ lines: wanted, couponId, balanceCents });
  for (const [index, { quantity, unitPriceCents }] of quote.lines.entries()) {
    story.line(`${quantity} x ${goods[index]?.name} at ${money(unitPriceCents)}`);
  }
  story.line(
    [
      `goods ${money(quote.goodsAmountCents)}`,
      `+ shipping ${money(quote.shippingFeeCents)}`,
      `- coupon ${money(quote.couponPaidCents)}`,
      `- balance ${money(quote.balancePaidCents)}`,
      `= ${money(quote.payAmountCents)} to pay`,
    ].join(" "),
  );
  const { order } = await shopper.order.placeOrder({
    requestId: `demo-${userId}`,
    lines: quote.lines,
    address: { consignee: "Ada", mobile: "+49 30 1234567", text: "1 Harbour Street" },
    shippingFeeCents: quote.shippingFeeCents,
    orderAmountCents: quote.orderAmountCents,
    couponId,
    balanceCents,
  });
  if (!order) throw new CommandError("PlaceOrder answered without an order");
  story.line(`order ${order.orderId} is ${stateOf(order)} and holds stock, coupon and balance`);
  return order;
}
