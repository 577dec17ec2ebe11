import type { HttpAnswer } from "#platform/http/answer.ts";
import { checkoutPage, noSuchPage } from "./checkout-page.ts";
import { type Payment, paymentOfTrade } from "./ledger.ts";
import { pay, type Sandbox } from "./sandbox.ts";

export function showCheckout({ store }: Sandbox, tradeId: string): HttpAnswer {
  const payment = paymentOfTrade(store.read, tradeId);
  return payment ? checkoutPage(payment) : noSuchPage();
}

export async function payAtCheckout(sandbox: Sandbox, tradeId: string): Promise<HttpAnswer> {
  const done = await pay(sandbox, tradeId);
  if (!done) return noSuchPage();
  return done.payment.state === "paid" ? backToShop(done.payment) : checkoutPage(done.payment, 409);
}

/** Leads back to the shop. The payment stays open until the shop closes it. */
export function leaveCheckout({ store }: Sandbox, tradeId: string): HttpAnswer {
  const payment = paymentOfTrade(store.read, tradeId);
  return payment ? backToShop(payment) : noSuchPage();
}

function backToShop({ returnUrl, tradeId }: Payment): HttpAnswer {
  return { status: 303, headers: { location: returnUrl || `/checkout/${tradeId}` } };
}
