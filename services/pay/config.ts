import { shopCurrency } from "#platform/settings/currency.ts";
import { type ServiceSettings, serviceSettings } from "#platform/settings/service-settings.ts";
import { readSettings } from "#platform/settings/settings.ts";
import type { Origin } from "#platform/values/origins.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { readProviders } from "./providers/configured.ts";
import type { PaymentProvider } from "./providers/provider.ts";
import { webAddress } from "./providers/settings.ts";

export type PayConfig = ServiceSettings<ServiceName> & {
  /** ISO 4217. */
  currency: string;
  /** A provider calls back at this address, followed by a slash and its name. */
  callbackUrl: string;
  returnOrigins: Origin[];
  /** By name: those whose settings are there. */
  providers: ReadonlyMap<string, PaymentProvider>;
  /** From the start of a payment to its first query. */
  queryAfterMs: number;
  /** From the first failed try of a refund to the second one. */
  refundRetryMs: number;
};

const HOUR_MS = 3_600_000;

export function payConfig(env: Record<string, string | undefined>): PayConfig {
  return readSettings(env, (read) => {
    const common = serviceSettings(read, SERVICES, "pay");
    const production = common.env === "production";
    const { host, portBase } = common;
    const currency = shopCurrency(read);
    const callbackUrl = webAddress(read, "SHOP_CALLBACK_URL", {
      fallback: `http://${host}:${portBase}/pay/callback`,
      mustBeSet: production,
    });
    return {
      ...common,
      currency,
      callbackUrl,
      providers: readProviders(read, { production, host, portBase, currency, callbackUrl }),
      returnOrigins: read.origins("SHOP_RETURN_ORIGINS", { mustBeSet: production }),
      queryAfterMs: read.integer("SHOP_PAYMENT_QUERY_MS", {
        default: 30_000,
        min: 100,
        max: HOUR_MS,
      }),
      refundRetryMs: read.integer("SHOP_REFUND_RETRY_MS", {
        default: 1_000,
        min: 100,
        max: HOUR_MS,
      }),
    };
  });
}
