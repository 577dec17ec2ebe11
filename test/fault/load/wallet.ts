import { SimulatorRefusal } from "../../../simulators/providers/client.ts";
import type { System } from "../../../testbed/system/system.ts";

/** The providers of the shop under test. */
export const PROVIDERS = ["sandbox", "alipay", "wechatpay", "stripe"] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** A payment as the shopper knows it. The link is empty for a QR code. */
export type OpenedPayment = { paymentId: bigint; provider: ProviderName; link: string };

const TIMEOUT_MS = 10_000;
const CARD = "4242 4242 4242 4242";

/**
 * Pays at the provider as the shopper does, once however often it is called. Throws a refusal of
 * the provider if the payment is closed.
 */
export async function payWith(system: System, payment: OpenedPayment): Promise<void> {
  const { paymentId, provider, link } = payment;
  const { checkout, simulators } = system;
  if (provider === "sandbox") {
    await checkout.pay(paymentId);
    return;
  }
  if (provider === "stripe") return payByCard(link);
  await begin(system, payment);
  const { state } = await simulators[provider].pay(String(paymentId));
  if (state !== "paid") throw new SimulatorRefusal(`${provider}: 409 the payment is ${state}`);
}

/**
 * Logs in at Alipay, which has no payment before and so cannot close it: the shop would have to wait
 * for its deadline, which would make a run longer.
 */
export async function begin({ simulators }: System, payment: OpenedPayment): Promise<void> {
  if (payment.provider !== "alipay") return;
  const { alipay } = await simulators.accounts();
  await browse(`${alipay.url}/gateway.do${new URL(payment.link).search}`);
  await simulators.alipay.begin(String(payment.paymentId));
}

async function payByCard(link: string): Promise<void> {
  const form = new URLSearchParams({ number: CARD });
  const { status } = await browse(link, { method: "POST", body: form });
  if (status !== 303)
    throw new SimulatorRefusal(`${link}: ${status === 200 ? 409 : status} unpaid`);
}

async function browse(url: string, init: RequestInit = {}): Promise<Response> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await fetch(url, { ...init, redirect: "manual", signal });
  await answer.body?.cancel();
  return answer;
}
