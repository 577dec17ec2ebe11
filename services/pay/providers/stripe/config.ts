import type { SettingsReader } from "#platform/settings/settings.ts";
import { checkCallbackUrl, isWanted, providerUrl, type ShopFacts } from "../settings.ts";
import { isCharged } from "./amounts.ts";

export type StripeSettings = {
  /** Origin of the API. */
  url: string;
  secretKey: string;
  /** Whether the key moves real money. Events and objects of the other mode are refused. */
  livemode: boolean;
  /** Each is accepted, so that one can be rolled. */
  webhookSecrets: string[];
  /** Undefined for those that the account's settings offer. */
  paymentMethods: string[] | undefined;
};

const SECRET_KEY = "SHOP_STRIPE_SECRET_KEY_FILE";
const WEBHOOK_SECRETS = "SHOP_STRIPE_WEBHOOK_SECRET_FILES";
const URL = "SHOP_STRIPE_URL";
const PAYMENT_METHODS = "SHOP_STRIPE_PAYMENT_METHODS";

/** The settings of Stripe; undefined if none is set, or if one has a fault. */
export function stripeSettings(read: SettingsReader, shop: ShopFacts): StripeSettings | undefined {
  const names = { required: [SECRET_KEY, WEBHOOK_SECRETS], optional: [URL, PAYMENT_METHODS] };
  if (!isWanted(read, names)) return undefined;
  const { production, currency } = shop;
  if (!isCharged(currency)) read.fault(`SHOP_CURRENCY: Stripe does not take ${currency}`);
  checkCallbackUrl(read, { title: "Stripe", shop });
  const key = secretKey(read, production);
  return {
    url: providerUrl(read, URL, { default: "https://api.stripe.com", production }),
    ...key,
    webhookSecrets: webhookSecrets(read),
    paymentMethods: paymentMethods(read),
  };
}

/** A secret key, or a restricted one. Its beginning says whether it moves real money. */
function secretKey(read: SettingsReader, production: boolean) {
  const text = read.file(SECRET_KEY)?.toString("utf8").trim();
  const [, mode] = /^[rs]k_(test|live)_\w{16,}$/.exec(text ?? "") ?? [];
  if (text !== undefined && mode === undefined)
    read.fault(`${SECRET_KEY}: must hold a key that begins with sk_live_, rk_live_ or sk_test_`);
  if (production && mode === "test")
    read.fault(`${SECRET_KEY}: production refuses test keys; nothing would be charged`);
  return { secretKey: text ?? "", livemode: mode === "live" };
}

function webhookSecrets(read: SettingsReader): string[] {
  const texts = read.files(WEBHOOK_SECRETS).map((file) => file.toString("utf8"));
  const secrets = texts.flatMap((text) => text.split(/\s+/).filter((line) => line !== ""));
  const areSecrets = secrets.every((one) => /^whsec_[\w+/=-]{16,}$/.test(one));
  if (texts.length > 0 && (secrets.length === 0 || !areSecrets))
    read.fault(`${WEBHOOK_SECRETS}: must hold signing secrets that begin with whsec_, one a line`);
  return secrets;
}

function paymentMethods(read: SettingsReader): string[] | undefined {
  if (!read.has(PAYMENT_METHODS)) return undefined;
  const text = read.text(PAYMENT_METHODS, {
    pattern: /^[a-z][a-z_]*(,[a-z][a-z_]*)*$/,
    shape: "must be names such as card,sepa_debit",
  });
  return text.split(",");
}
