import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings, SettingsError } from "#platform/settings/settings.ts";
import { alipaySettings } from "./config.ts";

const pair = () => generateKeyPairSync("rsa", { modulusLength: 2_048 });

describe("settings of Alipay", () => {
  const own = pair();
  const alipay = pair();
  const later = pair();
  let folder: string;
  let env: Record<string, string>;

  const file = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const read = (
    changes: Record<string, string | undefined> = {},
    shop: { production?: boolean; currency?: string; callbackUrl?: string } = {},
  ) => {
    const facts = { production: false, currency: "CNY", callbackUrl: "http://127.0.0.1/cb" };
    return readSettings({ ...env, ...changes }, (settings) =>
      alipaySettings(settings, { ...facts, ...shop }),
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
    folder = mkdtempSync(join(tmpdir(), "jetshop-alipay-"));
    env = {
      SHOP_ALIPAY_APP_ID: "2021004100000001",
      SHOP_ALIPAY_SELLER_ID: "2088102146225135",
      SHOP_ALIPAY_PRIVATE_KEY_FILE: file("own.pem", privatePem(own.privateKey)),
      SHOP_ALIPAY_PUBLIC_KEY_FILES: file("alipay.pem", publicPem(alipay.publicKey)),
    };
  });

  after(() => rmSync(folder, { recursive: true }));

  it("are none if no variable is set", () => {
    assert.equal(
      readSettings({}, (settings) =>
        alipaySettings(settings, { production: true, currency: "EUR", callbackUrl: "" }),
      ),
      undefined,
    );
  });

  it("have Alipay's address and a link by default", () => {
    const settings = read();
    assert.equal(settings?.url, "https://openapi.alipay.com/gateway.do");
    assert.equal(settings?.checkout, "redirect");
    assert.equal(settings?.alipayKeys.length, 1);
    assert.ok(settings?.privateKey.equals(own.privateKey));
  });

  it("name everything that is missing as soon as one variable is set", () => {
    for (const name of [...Object.keys(env), "SHOP_ALIPAY_CHECKOUT"]) {
      const only = Object.fromEntries(Object.keys(env).map((other) => [other, undefined]));
      const found = faults({ ...only, [name]: env[name] ?? "qr" });
      const missing = Object.keys(env).filter((other) => other !== name);
      assert.deepEqual(
        found.map((fault) => fault.split(":")[0]),
        missing,
      );
    }
  });

  it("read several keys, and keys without the lines of PEM", () => {
    const bare = (key: KeyObject, type: "spki" | "pkcs8" | "pkcs1") =>
      key.export({ format: "der", type: type as "spki" }).toString("base64");
    for (const type of ["pkcs8", "pkcs1"] as const) {
      const settings = read({
        SHOP_ALIPAY_PRIVATE_KEY_FILE: file("own.txt", `${bare(own.privateKey, type)}\n`),
        SHOP_ALIPAY_PUBLIC_KEY_FILES: [
          file("first.txt", bare(alipay.publicKey, "spki")),
          file("later.pem", publicPem(later.publicKey)),
        ].join(", "),
      });
      assert.ok(settings?.privateKey.equals(own.privateKey));
      assert.ok(settings?.alipayKeys[0]?.equals(alipay.publicKey));
      assert.ok(settings?.alipayKeys[1]?.equals(later.publicKey));
    }
  });

  it("refuse files without a fitting key", () => {
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const weak = generateKeyPairSync("rsa", { modulusLength: 1_024 });
    for (const content of ["", "no key", privatePem(ec.privateKey), privatePem(weak.privateKey)]) {
      const [fault] = faults({ SHOP_ALIPAY_PRIVATE_KEY_FILE: file("bad", content) });
      assert.match(fault ?? "", /^SHOP_ALIPAY_PRIVATE_KEY_FILE: must be an RSA private key/);
    }
    const publics = [publicPem(ec.publicKey), publicPem(weak.publicKey), "", "x"];
    for (const content of [...publics, privatePem(alipay.privateKey)]) {
      const [fault] = faults({ SHOP_ALIPAY_PUBLIC_KEY_FILES: file("bad", content) });
      assert.match(fault ?? "", /^SHOP_ALIPAY_PUBLIC_KEY_FILES: must be RSA public keys/);
    }
    const missing = faults({ SHOP_ALIPAY_PUBLIC_KEY_FILES: join(folder, "none") });
    assert.match(missing[0] ?? "", /cannot read .*none \(ENOENT\)/);
  });

  it("refuse the application's own public key in place of Alipay's", () => {
    const mistaken = { SHOP_ALIPAY_PUBLIC_KEY_FILES: file("own-public", publicPem(own.publicKey)) };
    assert.match(faults(mistaken)[0] ?? "", /the merchant's own public key/);
  });

  it("refuse another currency, in the same breath as other faults", () => {
    const found = faults({ SHOP_ALIPAY_APP_ID: "1" }, { currency: "EUR" });
    assert.equal(found.length, 2);
    assert.match(found[0] ?? "", /^SHOP_CURRENCY: Alipay takes CNY only/);
  });

  it("refuse simulators and plain HTTP in production", () => {
    const shop = { production: true, callbackUrl: "https://shop.example/pay/callback" };
    assert.deepEqual(faults({}, shop), []);
    for (const url of ["https://127.0.0.1:50060/gateway.do", "https://localhost", "https://[::1]"])
      assert.match(faults({ SHOP_ALIPAY_URL: url }, shop)[0] ?? "", /refuses simulators/, url);
    const plain = { SHOP_ALIPAY_URL: "http://openapi.alipay.com/gateway.do" };
    assert.match(faults(plain, shop)[0] ?? "", /must start with https/);
    const callbacks = faults({}, { production: true });
    assert.match(callbacks[0] ?? "", /^SHOP_CALLBACK_URL: must start with https/);
    const marked = `A simulated key\n${publicPem(alipay.publicKey)}`;
    const simulated = { SHOP_ALIPAY_PUBLIC_KEY_FILES: file("marked.pem", marked) };
    assert.deepEqual(faults(simulated), []);
    assert.match(faults(simulated, shop)[0] ?? "", /refuses the keys of the simulators/);
  });
});

function privatePem(key: KeyObject): string {
  return key.export({ format: "pem", type: "pkcs8" }).toString();
}

function publicPem(key: KeyObject): string {
  return key.export({ format: "pem", type: "spki" }).toString();
}
