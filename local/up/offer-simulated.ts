import { shopCurrency } from "#platform/settings/currency.ts";
import { readSettings } from "#platform/settings/settings.ts";
import { type Accounts, simulatorsControl } from "../../simulators/providers/client.ts";
import { simulatorsConfig } from "../../simulators/providers/config.ts";
import { isCurrency } from "../../simulators/stripe/currency.ts";

/** Whether the shop offers a provider, for people: "simulated", or why not. */
export type Offered = Record<Simulated, string>;

type Simulated = Exclude<keyof Accounts, "url">;

const CNY_ONLY = "not offered: takes CNY only; SHOP_NAMESPACE=cny SHOP_CURRENCY=CNY npm start";

/** The currencies that a provider takes, and why a shop with another one does not offer it. */
const TAKES: Record<Simulated, { takes(currency: string): boolean; else: string }> = {
  alipay: { takes: (currency) => currency === "CNY", else: CNY_ONLY },
  wechatpay: { takes: (currency) => currency === "CNY", else: CNY_ONLY },
  stripe: {
    takes: (currency) => isCurrency(currency.toLowerCase()),
    else: "not offered: does not take the currency of the shop",
  },
};

/**
 * Sets in the environment what pay needs for each simulated provider that takes the shop's
 * currency. A provider of which any setting is there stays as it is set.
 */
export async function offerSimulated(url: string, env: NodeJS.ProcessEnv): Promise<Offered> {
  const currency = readSettings(env, shopCurrency);
  const isOff = simulatorsConfig(env).control === "off";
  const settings = isOff ? undefined : providerSettings(await simulatorsControl(url).accounts());
  const offer = (name: Simulated): string => {
    const rule = TAKES[name];
    if (isSet(name, env)) return "as set in the environment";
    if (settings === undefined) return "not offered: SHOP_SIMULATORS_CONTROL is off";
    if (!rule.takes(currency)) return rule.else;
    Object.assign(env, settings[name]);
    return "simulated";
  };
  return { alipay: offer("alipay"), wechatpay: offer("wechatpay"), stripe: offer("stripe") };
}

function isSet(name: Simulated, env: NodeJS.ProcessEnv): boolean {
  const prefix = `SHOP_${name.toUpperCase()}_`;
  return Object.entries(env).some(([key, value]) => key.startsWith(prefix) && value);
}

/** The settings of pay by which it uses the simulated accounts. */
export function providerSettings({
  alipay,
  wechatpay,
  stripe,
}: Accounts): Record<Simulated, Record<string, string>> {
  return {
    alipay: {
      SHOP_ALIPAY_URL: `${alipay.url}/gateway.do`,
      SHOP_ALIPAY_APP_ID: alipay.appId,
      SHOP_ALIPAY_SELLER_ID: alipay.sellerId,
      SHOP_ALIPAY_PRIVATE_KEY_FILE: alipay.files.merchantPrivateKey ?? "",
      SHOP_ALIPAY_PUBLIC_KEY_FILES: Object.entries(alipay.files)
        .filter(([name]) => name.startsWith("alipayPublicKey"))
        .map(([, file]) => file)
        .join(","),
    },
    wechatpay: {
      SHOP_WECHATPAY_URL: wechatpay.url,
      SHOP_WECHATPAY_MCHID: wechatpay.mchid,
      SHOP_WECHATPAY_APPID: wechatpay.appid,
      SHOP_WECHATPAY_MERCHANT_SERIAL: wechatpay.merchantSerial,
      SHOP_WECHATPAY_PRIVATE_KEY_FILE: wechatpay.files.merchantPrivateKey ?? "",
      SHOP_WECHATPAY_APIV3_KEY_FILES: wechatpay.files.apiV3Key ?? "",
      SHOP_WECHATPAY_VERIFY_KEY_FILES: [
        `${wechatpay.publicKeyId}=${wechatpay.files.publicKey}`,
        `${wechatpay.certificateSerial}=${wechatpay.files.certificate}`,
      ].join(","),
    },
    stripe: {
      SHOP_STRIPE_URL: stripe.url,
      SHOP_STRIPE_SECRET_KEY_FILE: stripe.files.secretKey ?? "",
      SHOP_STRIPE_WEBHOOK_SECRET_FILES: stripe.files.webhookSecrets ?? "",
    },
  };
}
