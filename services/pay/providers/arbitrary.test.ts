import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { alipayProvider } from "./alipay/provider.ts";
import type { PaymentProvider } from "./provider.ts";
import { wechatpayProvider } from "./wechatpay/provider.ts";

const own = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const theirs = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const shared = {
  privateKey: own.privateKey,
  url: "https://p.example",
  notifyUrl: "https://s.example",
};
const SERIAL = "PUB_KEY_ID_01";

const PROVIDERS: PaymentProvider[] = [
  alipayProvider({
    ...shared,
    appId: "2021004100000001",
    sellerId: "2088102146225135",
    alipayKeys: [theirs.publicKey],
    checkout: "qr",
  }),
  wechatpayProvider({
    ...shared,
    mchid: "1600000000",
    appid: "wx8888888888888888",
    merchantSerial: "5157F09EFDC096DE",
    apiV3Keys: [Buffer.alloc(32, "k")],
    verifyKeys: new Map([[SERIAL, theirs.publicKey]]),
  }),
];

const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.base64String());
const form = fc
  .dictionary(fc.constantFrom("sign", "sign_type", "app_id", "seller_id", "%", "__proto__"), text)
  .map((fields) => Buffer.from(new URLSearchParams(fields).toString()));
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const json = fc.json().map((value) => Buffer.from(value));
const headers = fc.record(
  {
    "wechatpay-serial": fc.oneof(fc.constant(SERIAL), text),
    "wechatpay-timestamp": fc.oneof(fc.constant("1764237600"), text),
    "wechatpay-nonce": text,
    "wechatpay-signature": text,
  },
  { requiredKeys: [] },
);

describe("arbitrary callbacks", () => {
  for (const provider of PROVIDERS) {
    it(`are neither genuine for ${provider.name} nor an exception`, () => {
      fc.assert(
        fc.property(fc.oneof(bytes, form, json), headers, (body, given) => {
          const call = { headers: { ...given }, body, nowMs: 1_764_237_600_000 };
          assert.equal(provider.readCallback(call).genuine, false);
        }),
        { numRuns: 3_000 },
      );
    });
  }
});
