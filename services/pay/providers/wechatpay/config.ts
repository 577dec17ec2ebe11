import { type KeyObject, X509Certificate } from "node:crypto";
import type { SettingsReader } from "#platform/settings/settings.ts";
import {
  checkShop,
  isWanted,
  keyText,
  merchantKey,
  providerKey,
  providerUrl,
  type ShopFacts,
} from "../settings.ts";

export type WechatpaySettings = {
  mchid: string;
  /** The application that the merchant's account is bound to: an official account, an app... */
  appid: string;
  /** Serial of the merchant's certificate. */
  merchantSerial: string;
  /** The key of that certificate, which signs requests. */
  privateKey: KeyObject;
  /** The APIv3 keys that encrypt notices, the newest first: each is tried. */
  apiV3Keys: Buffer[];
  /** WeChat Pay's keys by serial, all accepted. Answers are asked to be signed by the first. */
  verifyKeys: ReadonlyMap<string, KeyObject>;
  /** Origin of the API. */
  url: string;
};

const PRIVATE_KEY = "SHOP_WECHATPAY_PRIVATE_KEY_FILE";
const API_V3_KEYS = "SHOP_WECHATPAY_APIV3_KEY_FILES";
const VERIFY_KEYS = "SHOP_WECHATPAY_VERIFY_KEY_FILES";
const MCHID = "SHOP_WECHATPAY_MCHID";
const APPID = "SHOP_WECHATPAY_APPID";
const SERIAL = "SHOP_WECHATPAY_MERCHANT_SERIAL";
const NAMES = {
  required: [MCHID, APPID, SERIAL, PRIVATE_KEY, API_V3_KEYS, VERIFY_KEYS],
  optional: ["SHOP_WECHATPAY_URL"],
};

/** "PUB_KEY_ID_..." of a public key, or the hexadecimal serial of a certificate; `=` and a file. */
const SERIAL_AND_FILE = /^(PUB_KEY_ID_[0-9A-Za-z]+|[0-9A-F]{16,64})=(.+)$/;

/** The settings of WeChat Pay; undefined if none is set, or if one has a fault. */
export function wechatpaySettings(
  read: SettingsReader,
  shop: ShopFacts,
): WechatpaySettings | undefined {
  if (!isWanted(read, NAMES)) return undefined;
  const { production } = shop;
  checkShop(read, { title: "WeChat Pay", currency: "CNY", shop });
  const privateKey = merchantKey(read, PRIVATE_KEY, { production });
  const settings = {
    mchid: read.text(MCHID, { pattern: /^\d{8,10}$/, shape: "must have 8 to 10 digits" }),
    appid: read.text(APPID, {
      pattern: /^wx[0-9a-z]{16}$/,
      shape: "must be wx and 16 letters or digits",
    }),
    merchantSerial: read.text(SERIAL, {
      pattern: /^[0-9A-F]{16,64}$/,
      shape: "must be the certificate's serial in upper-case hexadecimal digits",
    }),
    apiV3Keys: apiV3Keys(read, production),
    verifyKeys: verifyKeys(read, { own: privateKey, production }),
    url: providerUrl(read, "SHOP_WECHATPAY_URL", {
      default: "https://api.mch.weixin.qq.com",
      production,
    }),
  };
  return privateKey && { ...settings, privateKey };
}

function apiV3Keys(read: SettingsReader, production: boolean): Buffer[] {
  return read.files(API_V3_KEYS).flatMap((file) => {
    const text = keyText(read, API_V3_KEYS, { file, production }) ?? "";
    if (/^[\x21-\x7e]{32}$/.test(text)) return Buffer.from(text);
    read.fault(`${API_V3_KEYS}: each file must hold an APIv3 key of 32 characters`);
    return [];
  });
}

function verifyKeys(
  read: SettingsReader,
  { own, production }: { own: KeyObject | undefined; production: boolean },
): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const entry of read.text(VERIFY_KEYS).split(",")) {
    const [, serial, path] = SERIAL_AND_FILE.exec(entry.trim()) ?? [];
    if (serial === undefined || path === undefined || keys.has(serial)) {
      read.fault(`${VERIFY_KEYS}: must be SERIAL=FILE, separated by commas, each serial once`);
      continue;
    }
    const file = read.fileAt(VERIFY_KEYS, path);
    const key = file && providerKey(read, VERIFY_KEYS, { file, own, production });
    const found = file && certificateSerial(file);
    if (found !== undefined && found !== serial)
      read.fault(`${VERIFY_KEYS}: the certificate in ${path} has the serial ${found}`);
    if (key) keys.set(serial, key);
  }
  return keys;
}

function certificateSerial(file: Buffer): string | undefined {
  if (!file.includes("-----BEGIN CERTIFICATE-----")) return undefined;
  try {
    return new X509Certificate(file).serialNumber;
  } catch {
    return undefined;
  }
}
