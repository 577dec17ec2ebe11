import { Outage } from "#platform/values/refusal.ts";
import type { Payment } from "#proto/shop/pay/v1/pay_pb.ts";
import { CommandError } from "../ops/command/command.ts";
import { SimulatorRefusal, simulatorsControl } from "../simulators/providers/client.ts";
import { SandboxRefusal, sandboxControl } from "../simulators/sandbox/client.ts";
import { payAtSimulator } from "../testbed/orders/simulated-payer.ts";

/** The providers at which a replay can pay. */
export const PAYING_PROVIDERS = ["sandbox", "alipay", "wechatpay", "stripe"] as const;
export type PayingName = (typeof PAYING_PROVIDERS)[number];

/** A payment as the provider knows it. */
export type ProviderPayment = { state: string; amountCents: bigint; refundedCents: bigint };

/** A simulated provider. Its methods throw an Outage where it does not answer. */
export type PayingProvider = {
  name: PayingName;
  /** The shopper pays, without a browser. */
  pay(payment: Payment): Promise<void>;
  /** All payments, by the shop's identifier. */
  payments(): Promise<Map<string, ProviderPayment>>;
};

const ANSWER_TIMEOUT_MS = 5_000;

/** Connects to a provider. Throws a CommandError where it does not answer now. */
export async function connectProvider(
  name: PayingName,
  { sandboxUrl, simulatorsUrl }: { sandboxUrl: string; simulatorsUrl: string },
): Promise<PayingProvider> {
  const isSandbox = name === "sandbox";
  const url = isSandbox ? sandboxUrl : simulatorsUrl;
  const path = isSandbox ? "/healthz" : "/control/clock";
  try {
    await fetch(`${url}${path}`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  } catch (error) {
    const setting = isSandbox ? "SHOP_SANDBOX_URL" : "SHOP_SIMULATORS_CONTROL_LISTEN";
    throw new CommandError(
      `the ${name} provider does not answer at ${url}; start it with npm start, or set ${setting}`,
      { cause: error },
    );
  }
  return isSandbox ? sandbox(url) : simulated(name, url);
}

function sandbox(url: string): PayingProvider {
  const control = sandboxControl(url);
  return {
    name: "sandbox",
    pay: async ({ paymentId }) => void (await answered(url, () => control.pay(paymentId))),
    async payments() {
      const { payments } = await answered(url, () => control.state());
      return new Map(payments.map((payment) => [payment.paymentId, payment]));
    },
  };
}

function simulated(name: Exclude<PayingName, "sandbox">, url: string): PayingProvider {
  const control = simulatorsControl(url);
  return {
    name,
    pay: ({ paymentId, action }) =>
      answered(url, () => payAtSimulator(control, { provider: name, paymentId, action })),
    async payments() {
      const { trades } = await answered(url, () => control.state());
      return new Map(
        trades
          .filter(({ face }) => face === name)
          .map(({ reference, state, payMs, amount, refunded }) => {
            const isPaid = payMs !== undefined;
            const facts = { amountCents: amount, refundedCents: refunded };
            return [reference, { state: isPaid ? "paid" : state, ...facts }];
          }),
      );
    },
  };
}

async function answered<T>(url: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isRefusal(error)) throw error;
    throw new Outage(`the provider at ${url} does not answer`, { cause: error });
  }
}

/** Whether the simulator answered, and refused. */
export function isRefusal(error: unknown): boolean {
  return error instanceof SandboxRefusal || error instanceof SimulatorRefusal;
}
