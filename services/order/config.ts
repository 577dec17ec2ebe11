import { type CommonSettings, commonSettings } from "#platform/process/common-settings.ts";
import { readSettings, type SettingsReader } from "#platform/process/settings.ts";
import { MAX_CENTS } from "#platform/values/amounts.ts";

export type OrderConfig = CommonSettings & {
  shipping: { freeFromCents: bigint; feeCents: bigint };
  payDeadlineSeconds: number;
  abandonedAfterSeconds: number;
};

export function orderConfig(env: Record<string, string | undefined>): OrderConfig {
  return readSettings(env, (read) => ({
    ...commonSettings(read, "order"),
    shipping: shippingRule(read),
    payDeadlineSeconds: read.integer("SHOP_PAY_DEADLINE_SECONDS", {
      default: 1_800,
      min: 1,
      max: 30 * 24 * 3_600,
    }),
    // Not below what a batch can take: three steps of three seconds, and the tries to write its outcome.
    abandonedAfterSeconds: read.integer("SHOP_ABANDONED_AFTER_SECONDS", {
      default: 20,
      min: 15,
      max: 3_600,
    }),
  }));
}

/** Also read by programs that have to name the fee of an order. */
export function shippingRule(read: SettingsReader): OrderConfig["shipping"] {
  const cents = { min: 0n, max: MAX_CENTS };
  return {
    freeFromCents: read.bigint("FREE_SHIPPING_FROM_CENTS", { default: 10_000n, ...cents }),
    feeCents: read.bigint("SHIPPING_FEE_CENTS", { default: 1_000n, ...cents }),
  };
}
