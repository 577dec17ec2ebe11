import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import { providerSettings } from "../../../local/up/offer-simulated.ts";
import { payConfig } from "../../../services/pay/config.ts";
import type { RawCallback } from "../../../services/pay/domain/notice.ts";
import type { StoredPayment } from "../../../services/pay/providers/provider.ts";
import type { Accounts } from "../../../simulators/providers/client.ts";
import {
  type Callback,
  startShop,
  startSimulators,
} from "../../integration/simulators/simulators.ts";
import type { Contestant, Faults } from "./contestant.ts";

type Face = Exclude<keyof Accounts, "url">;

type Rules = {
  face: Face;
  currency: string;
  signedBy: readonly string[];
  /** The answer that the provider takes for a success. */
  success: { status: number; body: string };
  /** Settings besides those of the simulator's account. */
  env?: Record<string, string>;
};

/** A provider of simulators/providers, with an empty ledger. */
export async function startSimulated(rules: Rules): Promise<Contestant> {
  const { face, currency } = rules;
  const shop = await startShop(rules.success);
  const callbackUrl = `${shop.url}/pay/callback`;
  const simulators = await startSimulators({
    SHOP_SIMULATORS_STRIPE_WEBHOOK_URL: `${callbackUrl}/stripe`,
  });
  const control = simulators.control[face];
  const { providers } = payConfig({
    SHOP_CALLBACK_URL: callbackUrl,
    SHOP_CURRENCY: currency,
    ...providerSettings(simulators.accounts)[face],
    ...rules.env,
  });
  const provider = providers.get(face);
  assert.ok(provider);
  const visit: Contestant["visit"] = async (payment, action) => {
    if (action.kind === "redirect") await fetch(action.url, { redirect: "manual" });
    if (action.kind === "form") {
      const body = new URLSearchParams(action.fields);
      await fetch(action.url, { method: "POST", body, redirect: "manual" });
    }
    await control.begin(numberOf(payment));
  };
  return {
    provider,
    currency,
    signedBy: rules.signedBy,
    visit,
    async pay(payment, action, method) {
      await visit(payment, action);
      await control.pay(numberOf(payment), method === undefined ? {} : { method });
    },
    faults: (faults = {}) => control.faults(named(faults)),
    command: async (name, body) => void (await control.command(name, body)),
    advance: async (ms) => void (await simulators.control.advance(ms)),
    async refundedCents(payment) {
      const { refunds } = await simulators.control.state();
      return refunds
        .filter((one) => one.face === face && one.trade === numberOf(payment))
        .filter(({ state }) => state === "succeeded")
        .reduce((sum, { amount }) => sum + amount, 0n);
    },
    nextCallback: async (fits) => rawOf(await shop.next((callback) => fits(rawOf(callback)))),
    async stop() {
      await simulators.stop();
      await shop.stop();
    },
  };
}

/** The faults by the names that the control interface has for them. */
function named(faults: Faults): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(faults).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}

/** The number by which a simulator knows a payment: the session's at Stripe, else the shop's. */
function numberOf({ paymentId, references }: StoredPayment): string {
  return references.session ?? String(paymentId);
}

/** The callback as the gateway passes it on. */
export function rawOf({ headers, body }: Pick<Callback, "headers" | "body">): RawCallback {
  return { headers: plain(headers), body };
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
