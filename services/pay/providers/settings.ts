import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { SettingsReader } from "#platform/settings/settings.ts";

/** What the settings of a provider are checked against. */
export type ShopFacts = { production: boolean; currency: string; callbackUrl: string };

/** Smallest RSA key, in bits, that Alipay and WeChat Pay accept today. */
const MIN_RSA_BITS = 2_048;
/** The keys of the simulators say so: in the text before the PEM block, or at their start. */
const SIMULATED = /simulated/;

/**
 * Whether any setting of a provider is set. Then all those without a default must be, and one that
 * is missing is a fault, so that a provider is never configured by half.
 */
export function isWanted(
  read: SettingsReader,
  { required, optional }: { required: readonly string[]; optional: readonly string[] },
): boolean {
  const missing = required.filter((name) => !read.has(name));
  const given = optional.filter((name) => read.has(name));
  if (missing.length === required.length && given.length === 0) return false;
  for (const name of missing) {
    read.fault(`${name}: must be set, because other settings of the provider are`);
  }
  return missing.length === 0;
}

/**
 * A provider whose money is `currency` only, and that calls back over https in production: what
 * contradicts this is a fault.
 */
export function checkShop(
  read: SettingsReader,
  { title, currency, shop }: { title: string; currency: string; shop: ShopFacts },
): void {
  if (shop.currency !== currency)
    read.fault(`SHOP_CURRENCY: ${title} takes ${currency} only, and the shop has ${shop.currency}`);
  checkCallbackUrl(read, { title, shop });
}

/** Callbacks of real money come over https. */
export function checkCallbackUrl(
  read: SettingsReader,
  { title, shop }: { title: string; shop: ShopFacts },
): void {
  if (shop.production && !shop.callbackUrl.startsWith("https:"))
    read.fault(`SHOP_CALLBACK_URL: must start with https:// for ${title} in production`);
}

/** The address of a provider. Production refuses plain HTTP and addresses of this machine. */
export function providerUrl(
  read: SettingsReader,
  name: string,
  rule: { default: string; production: boolean },
): string {
  const { default: fallback, production } = rule;
  const url = read.url(name, { default: fallback, protocols: ["http:", "https:"] });
  if (production && url.protocol !== "https:")
    read.fault(`${name}: must start with https:// in production`);
  if (production && isLoopback(url.hostname))
    read.fault(`${name}: production refuses simulators on this machine`);
  return url.href.replace(/\/+$/, "");
}

/** A web address without a slash at its end. */
export function webAddress(
  read: SettingsReader,
  name: string,
  rule: { fallback: string; mustBeSet: boolean },
): string {
  if (rule.mustBeSet && !read.has(name)) read.fault(`${name}: must be set in production`);
  const url = read.url(name, { default: rule.fallback, protocols: ["http:", "https:"] });
  return url.href.replace(/\/+$/, "");
}

/** The private key of the merchant: PEM, or the bare Base64 that Alipay's tools write. */
export function merchantKey(
  read: SettingsReader,
  name: string,
  { production }: { production: boolean },
): KeyObject | undefined {
  const file = keyText(read, name, { file: read.file(name), production });
  const key = file === undefined ? undefined : parsed(file, privateForms(file));
  if (file !== undefined && !isStrong(key))
    read.fault(`${name}: must be an RSA private key of ${MIN_RSA_BITS} bits or more`);
  return key;
}

/** A public key of the provider: PEM, a certificate, or bare Base64. `own` is no such key. */
export function providerKey(
  read: SettingsReader,
  name: string,
  { file, own, production }: { file: Buffer; own: KeyObject | undefined; production: boolean },
): KeyObject | undefined {
  const text = keyText(read, name, { file, production });
  if (text === undefined) return undefined;
  const isPrivate = parsed(text, privateForms(text)) !== undefined;
  const key = isPrivate ? undefined : parsed(text, publicForms(text));
  if (!key || !isStrong(key)) {
    read.fault(`${name}: must be RSA public keys of ${MIN_RSA_BITS} bits or more`);
    return undefined;
  }
  if (own && createPublicKey(own).equals(key))
    read.fault(`${name}: holds the merchant's own public key instead of the provider's`);
  return key;
}

/** The text of a key file, whose simulated keys production refuses. */
export function keyText(
  read: SettingsReader,
  name: string,
  { file, production }: { file: Buffer | undefined; production: boolean },
): string | undefined {
  const text = file?.toString("utf8").trim();
  if (text !== undefined && production && SIMULATED.test(text))
    read.fault(`${name}: production refuses the keys of the simulators`);
  return text;
}

const isPem = (text: string) => text.includes("-----BEGIN ");
const bare = (text: string) => Buffer.from(text, "base64");

function privateForms(text: string): (() => KeyObject)[] {
  if (isPem(text)) return [() => createPrivateKey(text)];
  return (["pkcs8", "pkcs1"] as const).map((type) => {
    return () => createPrivateKey({ key: bare(text), format: "der", type });
  });
}

function publicForms(text: string): (() => KeyObject)[] {
  if (isPem(text)) return [() => createPublicKey(text)];
  return [() => createPublicKey({ key: bare(text), format: "der", type: "spki" })];
}

function parsed(text: string, forms: (() => KeyObject)[]): KeyObject | undefined {
  for (const form of text === "" ? [] : forms) {
    try {
      return form();
    } catch {
      // Of another form, which the next one may be; none is a fault of the setting.
    }
  }
  return undefined;
}

function isStrong(key: KeyObject | undefined): boolean {
  const bits = key?.asymmetricKeyDetails?.modulusLength ?? 0;
  return key?.asymmetricKeyType === "rsa" && bits >= MIN_RSA_BITS;
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\]|\[::ffff:7f.*\]|0\.0\.0\.0|\[::\])$/.test(
    hostname,
  );
}
