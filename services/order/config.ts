import { shopCurrency } from "#platform/settings/currency.ts";
import { type ServiceSettings, serviceSettings } from "#platform/settings/service-settings.ts";
import { readSettings, type SettingsReader } from "#platform/settings/settings.ts";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";

export type OrderConfig = ServiceSettings<ServiceName> & {
  shipping: { freeFromCents: bigint; feeCents: bigint };
  /** The currency of new orders. */
  currencyCode: string;
  /** Points for each full unit of the currency that a new order spends. */
  pointsPerUnit: bigint;
  payDeadlineSeconds: number;
  abandonedAfterSeconds: number;
  /** Days after shipping in which an order completes without the shopper; 0 never. */
  completeAfterDays: number;
};

export function orderConfig(env: Record<string, string | undefined>): OrderConfig {
  return readSettings(env, (read) => ({
    ...serviceSettings(read, SERVICES, "order"),
    shipping: shippingRule(read),
    currencyCode: shopCurrency(read),
    pointsPerUnit: read.bigint("POINTS_PER_UNIT", { default: 1n, min: 0n, max: 100n }),
    payDeadlineSeconds: read.integer("SHOP_PAY_DEADLINE_SECONDS", {
      default: 1_800,
      min: 1,
      max: 30 * 24 * 3_600,
    }),
    // The minimum is above what a batch can take: its calls, and the attempts to settle it.
    abandonedAfterSeconds: read.integer("SHOP_ABANDONED_AFTER_SECONDS", {
      default: 20,
      min: 15,
      max: 3_600,
    }),
    completeAfterDays: read.integer("SHOP_COMPLETE_AFTER_DAYS", { default: 14, min: 0, max: 365 }),
  }));
}

/** Also read by programs that compute the shipping fee of an order themselves. */
export function shippingRule(read: SettingsReader): OrderConfig["shipping"] {
  const cents = { min: 0n, max: MAX_CENTS };
  return {
    freeFromCents: read.bigint("FREE_SHIPPING_FROM_CENTS", { default: 10_000n, ...cents }),
    feeCents: read.bigint("SHIPPING_FEE_CENTS", { default: 1_000n, ...cents }),
  };
}
