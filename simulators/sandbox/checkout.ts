import type { HttpAnswer } from "#platform/http/answer.ts";
import type { Asked } from "../base/page.ts";
import { checkoutPage, noSuchPage } from "./checkout-page.ts";
import { type Payment, paymentOfTrade } from "./ledger.ts";
import { pay, type Sandbox } from "./sandbox.ts";

/** A request of a browser about the payment of a trade. */
type Visit = Asked & { tradeId: string };

export function showCheckout({ store }: Sandbox, visit: Visit): HttpAnswer {
  const payment = paymentOfTrade(store.read, visit.tradeId);
  return payment ? checkoutPage(visit, payment) : noSuchPage(visit);
}

export async function payAtCheckout(sandbox: Sandbox, visit: Visit): Promise<HttpAnswer> {
  const done = await pay(sandbox, visit.tradeId);
  if (!done) return noSuchPage(visit);
  const { payment } = done;
  return payment.state === "paid" ? backToShop(payment) : checkoutPage(visit, payment, 409);
}

/** Leads back to the shop. The payment stays open until the shop closes it. */
export function leaveCheckout({ store }: Sandbox, visit: Visit): HttpAnswer {
  const payment = paymentOfTrade(store.read, visit.tradeId);
  return payment ? backToShop(payment) : noSuchPage(visit);
}

function backToShop({ returnUrl, tradeId }: Payment): HttpAnswer {
  return { status: 303, headers: { location: returnUrl || `/checkout/${tradeId}` } };
}
