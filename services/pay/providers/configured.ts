import type { SettingsReader } from "#platform/settings/settings.ts";
import { alipaySettings } from "./alipay/config.ts";
import { alipayProvider } from "./alipay/provider.ts";
import type { PaymentProvider } from "./provider.ts";
import { sandboxSettings } from "./sandbox/config.ts";
import { sandboxProvider } from "./sandbox/provider.ts";
import type { ShopFacts } from "./settings.ts";
import { stripeSettings } from "./stripe/config.ts";
import { stripeProvider } from "./stripe/provider.ts";
import { wechatpaySettings } from "./wechatpay/config.ts";
import { wechatpayProvider } from "./wechatpay/provider.ts";

/** What the settings of a provider depend on. */
export type ProviderGround = ShopFacts & {
  /** Where the sandbox is in development: its port is above `portBase`. */
  host: string;
  portBase: number;
};

/** A provider calls back at `notifyUrl`. */
type Notified = { notifyUrl: string };

/**
 * The providers whose settings are there, by name. Adds a fault for settings that are there in part
 * or wrong, and for a provider that does not take the shop's currency.
 */
export function readProviders(
  read: SettingsReader,
  ground: ProviderGround,
): ReadonlyMap<string, PaymentProvider> {
  const reading = { read, ground };
  const providers = [
    providerOf(reading, "sandbox", { settingsOf: sandboxSettings, make: sandboxProvider }),
    providerOf(reading, "alipay", { settingsOf: alipaySettings, make: alipayProvider }),
    providerOf(reading, "wechatpay", { settingsOf: wechatpaySettings, make: wechatpayProvider }),
    providerOf(reading, "stripe", { settingsOf: stripeSettings, make: stripeProvider }),
  ];
  const { currency } = ground;
  const configured = providers.filter((provider) => provider !== undefined);
  for (const { name, supports } of configured) {
    if (!supports(currency)) {
      read.fault(`SHOP_CURRENCY: ${name} does not take payments in ${currency}`);
    }
  }
  return new Map(configured.map((provider) => [provider.name, provider]));
}

/** The provider, unless it has no settings. With a fault in them, it is not made either. */
function providerOf<S>(
  { read, ground }: { read: SettingsReader; ground: ProviderGround },
  name: string,
  provider: {
    settingsOf: (read: SettingsReader, ground: ProviderGround) => S | undefined;
    make: (settings: S & Notified) => PaymentProvider;
  },
): PaymentProvider | undefined {
  const faults = read.faults.length;
  const settings = provider.settingsOf(read, ground);
  if (!settings || read.faults.length > faults) return undefined;
  return provider.make({ ...settings, notifyUrl: `${ground.callbackUrl}/${name}` });
}
