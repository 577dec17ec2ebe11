import type { System } from "../../../testbed/system/system.ts";
import type { ProviderName } from "../load/wallet.ts";

/** A payment as its provider knows it. */
type ProviderPayment = {
  provider: ProviderName;
  /** The shop's number of the payment. */
  paymentId: string;
  /** "paid" also after refunds. */
  state: string;
  amountCents: bigint;
  refundedCents: bigint;
};

/** What the sandbox and the simulators know. */
export type ProviderFacts = {
  payments: ProviderPayment[];
  /** Callbacks that will be sent, for the first time or again. */
  waitingCallbacks: number;
  /** Refunds without an outcome. */
  pendingRefunds: number;
};

export async function readProviders({ sandbox, simulators }: System): Promise<ProviderFacts> {
  const [own, others] = await Promise.all([sandbox.state(), simulators.state()]);
  const isWaiting = ({ state }: { state: string }) => state === "waiting";
  return {
    payments: [
      ...own.payments.map((payment) => ({ provider: "sandbox" as const, ...payment })),
      ...others.trades.map(({ face, reference, state, payMs, amount, refunded }) => ({
        provider: face,
        paymentId: reference,
        state: payMs === undefined ? state : "paid",
        amountCents: amount,
        refundedCents: refunded,
      })),
    ],
    waitingCallbacks: [...own.notices, ...others.notices].filter(isWaiting).length,
    pendingRefunds: others.refunds.filter(({ state }) => state === "pending").length,
  };
}
