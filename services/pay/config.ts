import { shopCurrency } from "#platform/settings/currency.ts";
import { type ServiceSettings, serviceSettings } from "#platform/settings/service-settings.ts";
import { readSettings, type SettingsReader } from "#platform/settings/settings.ts";
import type { Origin } from "#platform/values/origins.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { type AlipaySettings, alipaySettings } from "./providers/alipay/config.ts";
import { type StripeSettings, stripeSettings } from "./providers/stripe/config.ts";
import { type WechatpaySettings, wechatpaySettings } from "./providers/wechatpay/config.ts";

export type PayConfig = ServiceSettings<ServiceName> & {
  /** ISO 4217. */
  currency: string;
  /** A provider calls back at this address, followed by a slash and its name. */
  callbackUrl: string;
  returnOrigins: Origin[];
  /** Undefined if the shop does not use the sandbox. */
  sandbox: { url: string; secret: string } | undefined;
  /** Undefined if the shop does not use the provider. */
  alipay: AlipaySettings | undefined;
  wechatpay: WechatpaySettings | undefined;
  stripe: StripeSettings | undefined;
  /** From the start of a payment to its first query. */
  queryAfterMs: number;
  /** From the first failed try of a refund to the second one. */
  refundRetryMs: number;
};

/** Lets a fresh clone talk to its sandbox. Production refuses it. */
const DEVELOPMENT_SANDBOX_SECRET = "jetshop-sandbox-development-secret";

const HOUR_MS = 3_600_000;
/** The default port of the sandbox, above SHOP_PORT_BASE. */
const SANDBOX_PORT = 8;

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
    const shop = { production, currency, callbackUrl };
    return {
      ...common,
      currency,
      callbackUrl,
      returnOrigins: read.origins("SHOP_RETURN_ORIGINS", { mustBeSet: production }),
      sandbox: sandbox(read, { production, url: `http://${host}:${portBase + SANDBOX_PORT}` }),
      alipay: alipaySettings(read, shop),
      wechatpay: wechatpaySettings(read, shop),
      stripe: stripeSettings(read, shop),
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

function webAddress(
  read: SettingsReader,
  name: string,
  rule: { fallback: string; mustBeSet: boolean },
): string {
  if (rule.mustBeSet && !read.has(name)) read.fault(`${name}: must be set in production`);
  const url = read.url(name, { default: rule.fallback, protocols: ["http:", "https:"] });
  return url.href.replace(/\/+$/, "");
}

/** Off in production unless a secret is set, which then must not be the development secret. */
function sandbox(
  read: SettingsReader,
  { production, url }: { production: boolean; url: string },
): PayConfig["sandbox"] {
  const name = "SHOP_SANDBOX_SECRET";
  if (production && !read.has(name)) return undefined;
  const secret = read.text(name, {
    default: DEVELOPMENT_SANDBOX_SECRET,
    secret: true,
    pattern: /^.{16,}$/,
    shape: "must have 16 characters or more",
  });
  if (production && secret === DEVELOPMENT_SANDBOX_SECRET) {
    read.fault(`${name}: production refuses the development secret`);
  }
  return {
    url: webAddress(read, "SHOP_SANDBOX_URL", { fallback: url, mustBeSet: production }),
    secret,
  };
}
