import { defaultCountry } from "#platform/settings/country.ts";
import { shopCurrency } from "#platform/settings/currency.ts";
import { type ServiceSettings, serviceSettings } from "#platform/settings/service-settings.ts";
import { readSettings, type SettingsReader } from "#platform/settings/settings.ts";
import { minorUnitsOf } from "#platform/values/currencies.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";

export type UserConfig = ServiceSettings<ServiceName> & {
  /** The country of phone numbers without the code of a country; "" for none. */
  defaultCountry: string;
  /**
   * Points for each full unit of the currency, and the minor units of one, for orders whose events
   * do not say with what they were placed.
   */
  pointRate: { pointsPerUnit: bigint; unitCents: bigint };
};

export function userConfig(env: Record<string, string | undefined>): UserConfig {
  return readSettings(env, (read) => {
    const settings = serviceSettings(read, SERVICES, "user");
    if (!settings.tokens.user.signing) {
      read.fault("SHOP_TOKEN_PRIVATE_KEY: must be set for the user service, which signs tokens");
    }
    return {
      ...settings,
      defaultCountry: defaultCountry(read),
      pointRate: {
        pointsPerUnit: pointsPerUnit(read),
        unitCents: minorUnitsOf(shopCurrency(read)),
      },
    };
  });
}

/** Reads POINTS_PER_UNIT alone, for programs that compute what an order earns. */
export function pointsPerUnit(read: SettingsReader): bigint {
  return read.bigint("POINTS_PER_UNIT", { default: 1n, min: 0n, max: 100n });
}
