import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings, SettingsError } from "#platform/settings/settings.ts";
import { wechatpaySettings } from "./config.ts";

const PUBLIC_KEY_ID = "PUB_KEY_ID_0112345678902026112700000000000001";
/** As of a platform certificate. */
const SERIAL = "D9D2B9D2B9D2B9D2";

describe("settings of WeChat Pay", () => {
  const own = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const provider = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  let folder: string;
  let env: Record<string, string>;

  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const read = (changes: Record<string, string | undefined> = {}, shop: object = {}) => {
    const facts = { production: false, currency: "CNY", callbackUrl: "https://s.example/cb" };
    return readSettings({ ...env, ...changes }, (settings) =>
      wechatpaySettings(settings, { ...facts, ...shop }),
    );
  };
  const faults = (...args: Parameters<typeof read>): string[] => {
    try {
      read(...args);
      return [];
    } catch (error) {
      assert.ok(error instanceof SettingsError);
      return error.faults;
    }
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "jetshop-wechatpay-"));
    env = {
      SHOP_WECHATPAY_MCHID: "1600000000",
      SHOP_WECHATPAY_APPID: "wx8888888888888888",
      SHOP_WECHATPAY_MERCHANT_SERIAL: "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
      SHOP_WECHATPAY_PRIVATE_KEY_FILE: file(
        "own.pem",
        own.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
      ),
      SHOP_WECHATPAY_APIV3_KEY_FILES: file("apiv3.txt", `${"k".repeat(32)}\n`),
      SHOP_WECHATPAY_VERIFY_KEY_FILES: `${PUBLIC_KEY_ID}=${file("public.pem", pem(provider.publicKey))}`,
    };
  });

  after(() => rmSync(folder, { recursive: true }));

  it("are none if no variable is set, and name all that are missing if one is", () => {
    const facts = { production: true, currency: "EUR", callbackUrl: "" };
    assert.equal(
      readSettings({}, (settings) => wechatpaySettings(settings, facts)),
      undefined,
    );
    for (const name of [...Object.keys(env), "SHOP_WECHATPAY_URL"]) {
      const none = Object.fromEntries(Object.keys(env).map((other) => [other, undefined]));
      const found = faults({ ...none, [name]: env[name] ?? "https://api2.mch.weixin.qq.com" });
      const missing = Object.keys(env).filter((other) => other !== name);
      assert.deepEqual(
        found.map((fault) => fault.split(":")[0]),
        missing,
      );
    }
  });

  it("read several keys of both kinds, in their order", () => {
    const settings = read({
      SHOP_WECHATPAY_APIV3_KEY_FILES: [
        file("new.txt", "n".repeat(32)),
        env.SHOP_WECHATPAY_APIV3_KEY_FILES,
      ].join(","),
      SHOP_WECHATPAY_VERIFY_KEY_FILES: [
        env.SHOP_WECHATPAY_VERIFY_KEY_FILES,
        `${SERIAL}=${file("second.pem", pem(provider.publicKey))}`,
      ].join(", "),
    });
    assert.deepEqual([...(settings?.verifyKeys.keys() ?? [])], [PUBLIC_KEY_ID, SERIAL]);
    assert.deepEqual(settings?.apiV3Keys.map(String), ["n".repeat(32), "k".repeat(32)]);
    assert.equal(settings?.url, "https://api.mch.weixin.qq.com");
  });

  it("refuse values of another form", () => {
    const verify = env.SHOP_WECHATPAY_VERIFY_KEY_FILES ?? "";
    const cases: [name: string, value: string, message: RegExp][] = [
      ["SHOP_WECHATPAY_MCHID", "16x", /8 to 10 digits/],
      ["SHOP_WECHATPAY_APPID", "1600000000", /must be wx/],
      ["SHOP_WECHATPAY_MERCHANT_SERIAL", "5157f09efdc096de", /upper-case/],
      ["SHOP_WECHATPAY_APIV3_KEY_FILES", file("short.txt", "k".repeat(31)), /32 characters/],
      ["SHOP_WECHATPAY_APIV3_KEY_FILES", file("wide.txt", "é".repeat(32)), /32 characters/],
      ["SHOP_WECHATPAY_VERIFY_KEY_FILES", verify.split("=")[1] ?? "", /SERIAL=FILE/],
      ["SHOP_WECHATPAY_VERIFY_KEY_FILES", `${verify},${verify}`, /each serial once/],
      ["SHOP_WECHATPAY_VERIFY_KEY_FILES", `${SERIAL}=${join(folder, "none")}`, /cannot read/],
      ["SHOP_WECHATPAY_VERIFY_KEY_FILES", `${SERIAL}=${file("x.pem", "x")}`, /RSA public keys/],
      [
        "SHOP_WECHATPAY_VERIFY_KEY_FILES",
        `${SERIAL}=${file("mine.pem", pem(own.publicKey))}`,
        /the merchant's own public key/,
      ],
    ];
    for (const [name, value, message] of cases) {
      const found = faults({ [name]: value });
      assert.equal(found.length, 1, `${name}=${value}`);
      assert.match(found[0] ?? "", new RegExp(`^${name}: `));
      assert.match(found[0] ?? "", message);
    }
  });

  it("refuse another currency, and simulators in production", () => {
    assert.match(faults({}, { currency: "EUR" })[0] ?? "", /WeChat Pay takes CNY only/);
    const production = { production: true };
    assert.deepEqual(faults({}, production), []);
    const local = { SHOP_WECHATPAY_URL: "http://127.0.0.1:50061" };
    assert.equal(faults(local, production).length, 2);
    const key = file("simulated.txt", `simulated${"k".repeat(23)}`);
    const found = faults({ SHOP_WECHATPAY_APIV3_KEY_FILES: key }, production);
    assert.match(found[0] ?? "", /refuses the keys of the simulators/);
  });
});

function pem(key: KeyObject): string {
  return key.export({ format: "pem", type: "spki" }).toString();
}
