import type { KeyObject } from "node:crypto";
import type { SettingsReader } from "#platform/settings/settings.ts";
import {
  checkShop,
  isWanted,
  merchantKey,
  providerKey,
  providerUrl,
  type ShopFacts,
} from "../settings.ts";

/** How the shopper pays: a link, a form that the browser posts, or a QR code. */
const CHECKOUTS = ["redirect", "form", "qr"] as const;

export type AlipaySettings = {
  /** The application's number, and the user id of the seller, which begins with 2088. */
  appId: string;
  sellerId: string;
  /** The application's key, which signs requests. */
  privateKey: KeyObject;
  /** Alipay's keys. Each is accepted, so that a new one can be added before it is used. */
  alipayKeys: KeyObject[];
  /** The gateway's address. */
  url: string;
  checkout: (typeof CHECKOUTS)[number];
};

const PRIVATE_KEY = "SHOP_ALIPAY_PRIVATE_KEY_FILE";
const PUBLIC_KEYS = "SHOP_ALIPAY_PUBLIC_KEY_FILES";
const NAMES = {
  required: ["SHOP_ALIPAY_APP_ID", "SHOP_ALIPAY_SELLER_ID", PRIVATE_KEY, PUBLIC_KEYS],
  optional: ["SHOP_ALIPAY_URL", "SHOP_ALIPAY_CHECKOUT"],
};

/** The settings of Alipay in public-key mode; undefined if none is set, or if one has a fault. */
export function alipaySettings(read: SettingsReader, shop: ShopFacts): AlipaySettings | undefined {
  const isComplete = isWanted(read, NAMES);
  const checkout = read.choice("SHOP_ALIPAY_CHECKOUT", CHECKOUTS, "redirect");
  if (!isComplete) return undefined;
  const { production } = shop;
  checkShop(read, { title: "Alipay", currency: "CNY", shop });
  const privateKey = merchantKey(read, PRIVATE_KEY, { production });
  const alipayKeys = read
    .files(PUBLIC_KEYS)
    .map((file) => providerKey(read, PUBLIC_KEYS, { file, own: privateKey, production }));
  const appId = read.text("SHOP_ALIPAY_APP_ID", {
    pattern: /^\d{16}$/,
    shape: "must have 16 digits",
  });
  const sellerId = read.text("SHOP_ALIPAY_SELLER_ID", {
    pattern: /^2088\d{12}$/,
    shape: "must have 16 digits that begin with 2088",
  });
  const url = providerUrl(read, "SHOP_ALIPAY_URL", {
    default: "https://openapi.alipay.com/gateway.do",
    production,
  });
  if (!privateKey) return undefined;
  return {
    appId,
    sellerId,
    privateKey,
    alipayKeys: alipayKeys.flatMap((k) => k ?? []),
    url,
    checkout,
  };
}
