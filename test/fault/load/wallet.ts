import {
  beginAtSimulator,
  payAtSimulator,
  type SimulatedPayment,
} from "../../../testbed/orders/simulated-payer.ts";
import type { System } from "../../../testbed/system/system.ts";

/** The providers of the shop under test. */
export const PROVIDERS = ["sandbox", "alipay", "wechatpay", "stripe"] as const;
export type ProviderName = (typeof PROVIDERS)[number];

/** A payment as the shopper knows it. */
export type OpenedPayment = Omit<SimulatedPayment, "provider"> & { provider: ProviderName };

/**
 * Pays at the provider as the shopper does, once however often it is called. Throws a refusal of
 * the provider if the payment is closed.
 */
export async function payWith(system: System, payment: OpenedPayment): Promise<void> {
  const { provider } = payment;
  if (provider === "sandbox") await system.checkout.pay(payment.paymentId);
  else await payAtSimulator(system.simulators, { ...payment, provider });
}

/**
 * Logs in at Alipay, which has no payment before and so cannot close it: the shop would have to wait
 * for its deadline, which would make a run longer.
 */
export async function begin({ simulators }: System, payment: OpenedPayment): Promise<void> {
  const { provider } = payment;
  if (provider !== "sandbox") await beginAtSimulator(simulators, { ...payment, provider });
}
