import { minorUnitsOf } from "#platform/values/currencies.ts";
import { type Order, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import type { Payment } from "#proto/shop/pay/v1/pay_pb.ts";
import { CommandError } from "../../ops/command/command.ts";
import { payInBrowser } from "./checkout.ts";
import { followOrder, until } from "./follow.ts";
import type { Demo } from "./prepare.ts";
import { qrCode, stateOf } from "./story.ts";

const RETURN_URL = "http://localhost/thanks";

/** Pays the order at the provider and waits for the points that it earns. */
export async function payOrder(demo: Demo, { orderId }: Order): Promise<void> {
  const { shopper, userId, provider, story, money } = demo;
  story.chapter(`The shopper pays with ${provider.titleEn}, as in a browser`);
  const { payment } = await shopper.pay.createPayment({
    orderId,
    provider: provider.name,
    returnUrl: RETURN_URL,
  });
  story.line(`payment ${payment?.paymentId} is open`);
  const first = firstRequest(demo, payment?.action);
  for await (const { label, url } of payInBrowser(first)) {
    story.line(`the button "${label}" leads to ${new URL(url).origin}${new URL(url).pathname}`);
  }
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

/** What the browser, or the simulated phone, asks the provider for first. */
function firstRequest({ story, provider, scanUrls }: Demo, action?: Payment["action"]): Request {
  switch (action?.case) {
    case "redirect":
      story.line(`the checkout page is ${action.value.url}`);
      return simulated(action.value.url);
    case "form":
      story.line(`the browser posts ${Object.keys(action.value.fields).length} fields to`);
      story.line(action.value.url);
      return simulated(action.value.url, {
        method: "POST",
        body: new URLSearchParams(action.value.fields),
      });
    case "qrCode": {
      story.line(`the shopper scans this code, ${action.value.text}`);
      story.block(qrCode(action.value.text));
      const code = new URLSearchParams({ code: action.value.text });
      return simulated(`${scanUrls[provider.name] ?? "http://unknown"}?${code}`);
    }
    default:
      throw new CommandError("CreatePayment answered without an action");
  }
}

/** The demo moves no real money, so it pays only at a provider on this machine. */
function simulated(url: string, init: RequestInit = {}): Request {
  const { hostname, origin } = new URL(url);
  if (["127.0.0.1", "localhost", "[::1]"].includes(hostname)) return new Request(url, init);
  throw new CommandError(`${origin} is no simulator; the demo pays at simulators only`);
}
