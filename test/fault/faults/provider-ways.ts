// What can be wrong at each provider. Each function draws one example of every way.

import { ALIPAY_FAKES } from "../../../simulators/alipay/callbacks.ts";
import type { Fake, Faults } from "../../../simulators/base/faults.ts";
import { FAKES as SANDBOX_FAKES } from "../../../simulators/sandbox/fakes.ts";
import type { Faults as SandboxFaults } from "../../../simulators/sandbox/faults.ts";
import { STRIPE_FAKES } from "../../../simulators/stripe/webhook.ts";
import { WECHATPAY_FAKES } from "../../../simulators/wechatpay/callbacks.ts";
import type { Random } from "../../../testbed/random.ts";
import { retryThroughFaults } from "../../../testbed/system/retry.ts";
import type { System } from "../../../testbed/system/system.ts";
import type { ProviderName } from "../load/wallet.ts";

/** Faults of one provider at once. */
export type Way = Partial<Faults> | Partial<SandboxFaults>;
type Ways = Readonly<Record<ProviderName, (random: Random) => Way[]>>;

/** Sets these faults of a provider, and clears all others. */
export function setFaults(system: System, provider: ProviderName, way: Way = {}): Promise<void> {
  const { sandbox, simulators } = system;
  // Another fault may kill the provider meanwhile.
  return retryThroughFaults(() =>
    provider === "sandbox"
      ? sandbox.faults(way as Partial<SandboxFaults>)
      : simulators[provider].faults(way as Partial<Faults>),
  );
}

/** What may happen to callbacks. */
export const CALLBACK_WAYS: Ways = {
  sandbox: (random) => callbackWays(random, SANDBOX_FAKES),
  alipay: (random) => callbackWays(random, withoutTrade(ALIPAY_FAKES)),
  wechatpay: (random) => [
    ...callbackWays(random, withoutTrade(WECHATPAY_FAKES)),
    { signtest_percent: random.between(1, 30) },
    { public_key_percent: random.between(0, 99) },
  ],
  stripe: (random) => [
    ...callbackWays(random, withoutTrade(STRIPE_FAKES)),
    { strangers: random.between(1, 5) },
  ],
};

function callbackWays(random: Random, fakes: readonly string[]): Way[] {
  return [
    { duplicate: random.between(1, 10) },
    { delay_ms: random.between(500, 8_000) },
    { reorder: random.between(2, 12) },
    { forge: random.some(fakes, random.between(1, fakes.length)) },
    { tamper: random.pick(fakes) },
    { drop: random.between(1, 200) },
  ] as Way[];
}

/**
 * These providers name their trade with the payment, so the shop believes the first number that a
 * signature covers.
 */
function withoutTrade(fakes: readonly Fake[]): Fake[] {
  return fakes.filter((fake) => fake !== "trade");
}

/** What may happen to requests of the shop. */
export const ANSWER_WAYS: Ways = {
  sandbox: (random) => [
    { down: true },
    { lose_answers: random.between(5, 100) },
    { slow_ms: random.between(500, 12_000) },
    { refuse_refunds: true },
    { refuse_refunds: true, lose_answers: random.between(5, 30) },
  ],
  alipay: (random) => [
    ...answerWays(random),
    { wrong_signature: random.between(5, 60) },
    { unsigned_errors: true, error: random.between(5, 60) },
  ],
  wechatpay: (random) => [
    ...answerWays(random),
    { wrong_signature: random.between(5, 60) },
    { signtest_percent: random.between(1, 30) },
  ],
  stripe: answerWays,
};

function answerWays(random: Random): Way[] {
  return [
    { down: true },
    { lose_answers: random.between(5, 60) },
    { slow_ms: random.between(500, 12_000) },
    { rate_limit: random.between(5, 60) },
    { error: random.between(5, 60) },
    { error_after: random.between(5, 60) },
    { refund: "not_enough" },
    { refund: "not_enough", lose_answers: random.between(5, 30) },
  ];
}

/** What may happen to payments. */
export const PAYMENT_WAYS: Ways = {
  sandbox: () => [],
  alipay: (random) => [
    { pay_during_close: random.between(1, 20) },
    { coupon: random.between(1, 100) },
  ],
  wechatpay: (random) => [
    { pay_during_close: random.between(1, 20) },
    { coupon: random.between(1, 100) },
  ],
  stripe: (random) => [{ pay_during_close: random.between(1, 20) }],
};
