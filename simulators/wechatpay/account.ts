import { randomBytes } from "node:crypto";
import { digits } from "../base/ids.ts";
import { type KeyPair, type Keys, newAsciiKey, newSerial } from "../base/keys.ts";
import { DAY } from "../base/limits.ts";
import { makeCertificate } from "./certificate.ts";

/** The merchant's account, in the middle of the switch from the certificate to the public key. */
export type Account = {
  mchid: string;
  appid: string;
  /** What the merchant signs requests with. */
  merchant: KeyPair & { serial: string };
  /** The provider's two keys, by which it signs answers and notices. */
  publicKey: KeyPair & { serial: string };
  certificate: KeyPair & { serial: string; pem: string };
  /** 32 ASCII bytes that encrypt notices. */
  apiV3Key(): string;
  rotateApiV3Key(): string;
  files: Record<string, string>;
};

const KEY_FILE = "wechatpay-apiv3-key.txt";

export async function openAccount(keys: Keys): Promise<Account> {
  const [merchant, publicKey, platform] = await Promise.all([
    keys.pair("wechatpay-merchant"),
    keys.pair("wechatpay"),
    keys.pair("wechatpay-certificate"),
  ]);
  const line = (file: string, make: () => string) => keys.text(file, () => `${make()}\n`).trim();
  const certificateSerial = line("wechatpay-certificate-serial.txt", newSerial);
  const pem = keys.text("wechatpay-certificate.pem", () =>
    makeCertificate(platform, {
      serial: certificateSerial,
      name: "Tenpay.com sign (simulated)",
      fromMs: Date.now() - DAY,
    }),
  );
  let apiV3Key = line(KEY_FILE, () => newAsciiKey(32));
  return {
    mchid: line("wechatpay-mchid.txt", () => `16${digits(8)}`),
    appid: line("wechatpay-appid.txt", () => `wx${randomBytes(8).toString("hex")}`),
    merchant: { ...merchant, serial: line("wechatpay-merchant-serial.txt", newSerial) },
    publicKey: {
      ...publicKey,
      serial: line("wechatpay-public-key-id.txt", () => `PUB_KEY_ID_01${digits(32)}`),
    },
    certificate: { ...platform, serial: certificateSerial, pem },
    apiV3Key: () => apiV3Key,
    rotateApiV3Key() {
      apiV3Key = newAsciiKey(32);
      keys.write(KEY_FILE, `${apiV3Key}\n`);
      return apiV3Key;
    },
    files: {
      merchantPrivateKey: keys.path("wechatpay-merchant-private.pem"),
      publicKey: keys.path("wechatpay-public.pem"),
      certificate: keys.path("wechatpay-certificate.pem"),
      apiV3Key: keys.path(KEY_FILE),
    },
  };
}
