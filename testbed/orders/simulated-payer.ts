import type { Payment } from "#proto/shop/pay/v1/pay_pb.ts";
import type { FaceName } from "../../simulators/base/trades.ts";
import { SimulatorRefusal, type SimulatorsControl } from "../../simulators/providers/client.ts";

/** A payment as the shopper knows it. */
export type SimulatedPayment = {
  provider: FaceName;
  paymentId: bigint;
  action: Payment["action"];
};

const TIMEOUT_MS = 10_000;
const CARD = "4242 4242 4242 4242";

/**
 * Pays at a simulator as the shopper does, once however often it is called. Throws a
 * SimulatorRefusal if the payment is closed, and fetch's errors if the simulator does not answer.
 */
export async function payAtSimulator(
  simulators: SimulatorsControl,
  payment: SimulatedPayment,
): Promise<void> {
  const { paymentId, provider, action } = payment;
  if (provider === "stripe") return payByCard(action.case === "redirect" ? action.value.url : "");
  await beginAtSimulator(simulators, payment);
  const { state } = await simulators[provider].pay(String(paymentId));
  if (state !== "paid") throw new SimulatorRefusal(`${provider}: 409 the payment is ${state}`);
}

/**
 * Opens Alipay's page and logs in: Alipay has no payment before. Does nothing at the others, whose
 * payments exist as soon as they are open.
 */
export async function beginAtSimulator(
  simulators: SimulatorsControl,
  { provider, paymentId, action }: SimulatedPayment,
): Promise<void> {
  if (provider !== "alipay") return;
  if (action.case === "redirect" || action.case === "form") {
    const { alipay } = await simulators.accounts();
    // The address may lead through a proxy of the shop.
    const page = `${alipay.url}/gateway.do${new URL(action.value.url).search}`;
    const body = action.case === "form" ? new URLSearchParams(action.value.fields) : undefined;
    await browse(page, body);
  }
  await simulators.alipay.begin(String(paymentId));
}

async function payByCard(link: string): Promise<void> {
  const { status } = await browse(link, new URLSearchParams({ number: CARD }));
  if (status !== 303)
    throw new SimulatorRefusal(`${link}: ${status === 200 ? 409 : status} unpaid`);
}

/** Asks for a page as a browser does, or posts a form. */
async function browse(url: string, form?: URLSearchParams): Promise<Response> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const post = form && { method: "POST", body: form };
  const answer = await fetch(url, { ...post, redirect: "manual", signal });
  await answer.body?.cancel();
  return answer;
}
