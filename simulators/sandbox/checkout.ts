import type { HttpAnswer } from "#platform/http/answer.ts";
import { checkoutPage, noSuchPage } from "./checkout-page.ts";
import { type Payment, paymentOfTrade } from "./ledger.ts";
import { type Platform, pay } from "./platform.ts";

export function showCheckout({ store }: Platform, tradeId: string): HttpAnswer {
  const payment = paymentOfTrade(store.read, tradeId);
  return payment ? checkoutPage(payment) : noSuchPage();
}

export async function payAtCheckout(platform: Platform, tradeId: string): Promise<HttpAnswer> {
  const done = await pay(platform, tradeId);
  if (!done) return noSuchPage();
  return done.payment.state === "paid" ? backToShop(done.payment) : checkoutPage(done.payment, 409);
}

/** The shopper leaves; the payment stays as it is, and may be paid as long as the shop does not close it. */
export function leaveCheckout({ store }: Platform, tradeId: string): HttpAnswer {
  const payment = paymentOfTrade(store.read, tradeId);
  return payment ? backToShop(payment) : noSuchPage();
}

function backToShop({ returnUrl, tradeId }: Payment): HttpAnswer {
  return { status: 303, headers: { location: returnUrl || `/checkout/${tradeId}` } };
}
