import type { IncomingHttpHeaders } from "node:http";
import type { RawCallback } from "../../../services/pay/domain/notice.ts";
import type { PaymentProvider, StoredPayment } from "../../../services/pay/providers/provider.ts";
import type { Accounts } from "../../../simulators/providers/client.ts";
import {
  type Callback,
  startShop,
  startSimulators,
} from "../../integration/simulators/simulators.ts";
import type { Contestant } from "./contestant.ts";

type Face = Exclude<keyof Accounts, "url">;

type Rules = {
  face: Face;
  currency: string;
  signedBy: readonly string[];
  /** The answer that the provider takes for a success. */
  success: { status: number; body: string };
  /** The provider for the simulator's accounts, which calls back at `notifyUrl`. */
  provider(accounts: Accounts, notifyUrl: string): PaymentProvider;
  /** The number by which the simulator knows the payment. */
  numberOf(payment: StoredPayment): string;
  isAbout(callback: RawCallback, payment: StoredPayment): boolean;
};

/** A provider of simulators/providers, with an empty ledger. */
export async function startSimulated(rules: Rules): Promise<Contestant> {
  const { face, currency, numberOf } = rules;
  const shop = await startShop(rules.success);
  const notifyUrl = `${shop.url}/pay/callback/${face}`;
  const simulators = await startSimulators({ SHOP_SIMULATORS_STRIPE_WEBHOOK_URL: notifyUrl });
  const control = simulators.control[face];
  const visit: Contestant["visit"] = async (payment, action) => {
    if (action.kind === "redirect") await fetch(action.url, { redirect: "manual" });
    if (action.kind === "form") {
      const body = new URLSearchParams(action.fields);
      await fetch(action.url, { method: "POST", body, redirect: "manual" });
    }
    await control.begin(numberOf(payment));
  };
  return {
    provider: rules.provider(simulators.accounts, notifyUrl),
    currency,
    signedBy: rules.signedBy,
    isSimulated: true,
    visit,
    async pay(payment, action) {
      await visit(payment, action);
      await control.pay(numberOf(payment));
    },
    faults: ({
      loseAnswers = 0,
      down = false,
      rateLimit = 0,
      error = 0,
      payDuringClose = 0,
    } = {}) =>
      control.faults({
        lose_answers: loseAnswers,
        down,
        rate_limit: rateLimit,
        error,
        pay_during_close: payDuringClose,
      }),
    advance: async (ms) => void (await simulators.control.advance(ms)),
    async refundedCents(payment) {
      const { refunds } = await simulators.control.state();
      return refunds
        .filter((one) => one.face === face && one.trade === numberOf(payment))
        .filter(({ state }) => state === "succeeded")
        .reduce((sum, { amount }) => sum + amount, 0n);
    },
    isAbout: rules.isAbout,
    nextCallback: async (fits) => rawOf(await shop.next((callback) => fits(rawOf(callback)))),
    async stop() {
      await simulators.stop();
      await shop.stop();
    },
  };
}

/** The callback as the gateway passes it on. */
export function rawOf({ headers, body }: Pick<Callback, "headers" | "body">): RawCallback {
  return { headers: plain(headers), body };
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
