import { minorUnitsOf } from "#platform/values/currencies.ts";
import { type Order, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { payInBrowser } from "./checkout.ts";
import { followOrder, until } from "./follow.ts";
import type { Demo } from "./prepare.ts";
import { stateOf } from "./story.ts";

const RETURN_URL = "http://localhost/thanks";

/** Pays the order at the sandbox provider and waits for the points that it earns. */
export async function payOrder(
  { shopper, userId, story, money }: Demo,
  { orderId }: Order,
): Promise<void> {
  story.chapter("The shopper pays at the sandbox provider, as in a browser");
  const { payment } = await shopper.pay.createPayment({
    orderId,
    provider: "sandbox",
    returnUrl: RETURN_URL,
  });
  story.line(`payment ${payment?.paymentId} is open; the checkout page is`);
  story.line(payment?.checkoutUrl ?? "");
  const { label, next } = await payInBrowser(payment?.checkoutUrl ?? "");
  story.line(`the button "${label}" leads back to ${next}`);
  await followOrder(shopper, orderId, {
    until: ({ payStatus }) => payStatus === PayStatus.PAID,
    onChange: (order) => story.line(`order: ${stateOf(order)}`),
  });
  story.line("the provider's callback paid the order; the rest follows from events");
  // Not the points themselves: an order of less than one unit of its currency earns none.
  const readLog = () => shopper.user.listPointLog({ userId });
  await until("the points", readLog, ({ entries }) => entries.length > 0);
  const { user } = await shopper.user.getUser({ userId });
  const unit = money(minorUnitsOf(payment?.currencyCode ?? ""));
  story.line(`${user?.points} points, one for each full ${unit} of what was paid`);
}
