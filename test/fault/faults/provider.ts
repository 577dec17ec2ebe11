import assert from "node:assert/strict";
import { retryThroughFaults } from "../../../testbed/system/retry.ts";
import type { System } from "../../../testbed/system/system.ts";
import type { Fault, FaultContext, Heal } from "../fault.ts";
import { PROVIDERS, type ProviderName } from "../load/wallet.ts";
import { ANSWER_WAYS, CALLBACK_WAYS, PAYMENT_WAYS, setFaults, type Way } from "./provider-ways.ts";

/** Breaks some of the providers, each in its own way. */
async function breakSome(
  { system, random, log }: FaultContext,
  wayOf: (provider: ProviderName) => Way,
): Promise<Heal> {
  const broken = random.some(PROVIDERS, random.between(1, PROVIDERS.length));
  for (const provider of broken) {
    const way = wayOf(provider);
    log(`${provider}: ${JSON.stringify(way)}`);
    await setFaults(system, provider, way);
  }
  return async () => {
    for (const provider of broken) await setFaults(system, provider);
  };
}

/** What may happen to callbacks, each alone or several together. */
export const providerCallbacks: Fault = {
  name: "provider-callbacks",
  catalogue: ["F65", "F66", "F68", "F70"],
  what: "callbacks of any of the four providers are duplicated, late, reordered, mixed with forged ones, those of other shops or probes, or missing",
  holdMs: [5_000, 15_000],
  inject: (context) =>
    breakSome(context, (provider) => {
      const { random } = context;
      const ways = CALLBACK_WAYS[provider](random);
      return Object.assign({}, ...random.some(ways, random.between(1, 4)));
    }),
};

export const providerAnswers: Fault = {
  name: "provider-answers",
  catalogue: ["F71", "F61"],
  what: "answers of any of the four providers are late, wrongly signed, errors, or lost after their effect, they limit the rate or refuse refunds, or they are down",
  holdMs: [5_000, 15_000],
  inject: (context) =>
    breakSome(context, (provider) => context.random.pick(ANSWER_WAYS[provider](context.random))),
};

export const providerPayments: Fault = {
  name: "provider-payments",
  catalogue: ["F67", "F70"],
  what: "shoppers pay at the moment in which the shop closes the payment, and with coupons of the provider",
  holdMs: [5_000, 15_000],
  inject: (context) =>
    breakSome(context, (provider) => Object.assign({}, ...PAYMENT_WAYS[provider](context.random))),
};

/**
 * What becomes of refunds that stayed pending. "returned" succeeds, and then comes back from the
 * bank.
 */
const OUTCOMES = {
  sandbox: ["succeeded", "failed", "returned"],
  alipay: ["succeeded"],
  wechatpay: ["succeeded", "closed"],
  stripe: ["succeeded", "failed", "returned"],
} as const satisfies Record<ProviderName, string[]>;

/** Providers decide about refunds only later, against some, and take successes back. */
export const providerRefunds: Fault = {
  name: "provider-refunds",
  catalogue: ["F71"],
  what: "providers leave refunds pending, decide them later, some against the shop, and take some successes back",
  holdMs: [5_000, 15_000],
  async inject({ system, random, log }) {
    const held = random.some(PROVIDERS, random.between(1, PROVIDERS.length));
    for (const provider of held) {
      const pending: Way = provider === "sandbox" ? { pend_refunds: true } : { refund: "pending" };
      await setFaults(system, provider, pending);
    }
    return async () => {
      const counts = new Map<string, number>();
      for (const provider of held) {
        await setFaults(system, provider);
        for (const number of await pendingAt(system, provider)) {
          const outcome = random.pick(OUTCOMES[provider]);
          const states = outcome === "returned" ? (["succeeded", "failed"] as const) : [outcome];
          for (const state of states) await decide(system, { provider, number, state });
          const what = `${provider} ${outcome}`;
          counts.set(what, (counts.get(what) ?? 0) + 1);
        }
      }
      const decided = [...counts].map(([what, count]) => `${count} ${what}`);
      log(`pending refunds: ${decided.join(", ") || "none"}`);
    };
  },
};

async function pendingAt(system: System, provider: ProviderName): Promise<string[]> {
  const { sandbox, simulators } = system;
  if (provider === "sandbox")
    return (await retryThroughFaults(() => sandbox.state())).pendingRefunds;
  const { refunds } = await retryThroughFaults(() => simulators.state());
  return refunds
    .filter(({ face, state }) => face === provider && state === "pending")
    .map(({ number }) => number);
}

/** The sandbox does not repeat its notices about refunds; the others do. */
async function decide(
  { sandbox, simulators }: System,
  refund: { provider: ProviderName; number: string; state: "succeeded" | "failed" | "closed" },
): Promise<void> {
  const { provider, number, state } = refund;
  await retryThroughFaults(async () => {
    if (provider !== "sandbox") await simulators[provider].settle(number, state);
    else if (state !== "closed")
      assert.equal(await sandbox.decideRefund(number, state), "200 success");
  });
}

/** The gateway and the providers die and come back while callbacks and refunds are in progress. */
export const providerRestarts: Fault = {
  name: "provider-restarts",
  catalogue: ["F70", "F71"],
  what: "SIGKILL of the providers and of the gateway, up to three times in a row, during callbacks and refunds",
  holdMs: [500, 5_000],
  async inject({ system, random, log }) {
    const edges = random.some(["gateway", "sandbox", "simulators"], random.between(1, 3));
    const times = random.between(1, 3);
    log(`kills ${edges.join(" and ")} ${times} times`);
    const programs = edges.map((name) => system.program(name));
    const killAll = () => Promise.all(programs.map((program) => program.end("SIGKILL")));
    const startAll = () => Promise.all(programs.map((program) => program.start()));
    for (let time = 1; time < times; time += 1) {
      await killAll();
      await startAll();
    }
    await killAll();
    return async () => {
      await startAll();
    };
  },
};
