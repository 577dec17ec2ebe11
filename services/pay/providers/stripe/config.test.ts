import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings, type SettingsError } from "#platform/settings/settings.ts";
import { stripeSettings } from "./config.ts";

const SECRET = "whsec_0123456789abcdef";

describe("the settings of Stripe", () => {
  const directory = mkdtempSync(join(tmpdir(), "stripe-"));
  after(() => rmSync(directory, { recursive: true }));

  function file(name: string, text: string): string {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  }
  const testKey = () => file("test-key", "sk_test_0123456789abcdef\n");
  const liveKey = () => file("live-key", "rk_live_0123456789abcdef");
  const given = () => ({
    SHOP_STRIPE_SECRET_KEY_FILE: testKey(),
    SHOP_STRIPE_WEBHOOK_SECRET_FILES: file("secrets", `${SECRET}\n`),
  });
  const shop = { production: false, currency: "EUR", callbackUrl: "http://127.0.0.1:1/pay" };
  const read = (env: Record<string, string>, facts: Partial<typeof shop> = {}) =>
    readSettings(env, (reader) => stripeSettings(reader, { ...shop, ...facts }));

  function faultsOf(env: Record<string, string>, facts: Partial<typeof shop> = {}): string[] {
    try {
      read(env, facts);
      return [];
    } catch (error) {
      return (error as SettingsError).faults;
    }
  }

  it("are undefined if none is set", () => {
    assert.equal(read({}), undefined);
  });

  it("have defaults, and take the mode from the key", () => {
    assert.deepEqual(read(given()), {
      url: "https://api.stripe.com",
      secretKey: "sk_test_0123456789abcdef",
      livemode: false,
      webhookSecrets: [SECRET],
      paymentMethods: undefined,
    });
    assert.equal(read({ ...given(), SHOP_STRIPE_SECRET_KEY_FILE: liveKey() })?.livemode, true);
  });

  it("take several secrets, from one file or from several", () => {
    const more = file("more", "whsec_aaaaaaaaaaaaaaaa\nwhsec_bbbbbbbbbbbbbbbb\n");
    const files = `${given().SHOP_STRIPE_WEBHOOK_SECRET_FILES},${more}`;
    const settings = read({ ...given(), SHOP_STRIPE_WEBHOOK_SECRET_FILES: files });
    assert.deepEqual(settings?.webhookSecrets, [
      SECRET,
      "whsec_aaaaaaaaaaaaaaaa",
      "whsec_bbbbbbbbbbbbbbbb",
    ]);
  });

  it("take payment methods", () => {
    const settings = read({ ...given(), SHOP_STRIPE_PAYMENT_METHODS: "card,sepa_debit" });
    assert.deepEqual(settings?.paymentMethods, ["card", "sepa_debit"]);
    assert.equal(faultsOf({ ...given(), SHOP_STRIPE_PAYMENT_METHODS: "card, x" }).length, 1);
  });

  it("are faulty if only some are set", () => {
    assert.match(
      faultsOf({ SHOP_STRIPE_URL: "https://a.example" }).join(),
      /SECRET_KEY_FILE.*WEBH/,
    );
    const { SHOP_STRIPE_WEBHOOK_SECRET_FILES: _, ...half } = given();
    assert.match(faultsOf(half).join(), /^SHOP_STRIPE_WEBHOOK_SECRET_FILES: must be set/);
  });

  it("are faulty with a malformed key or secret, which no message shows", () => {
    const env = {
      SHOP_STRIPE_SECRET_KEY_FILE: file("wrong-key", "pk_live_hunter2hunter2hunter2"),
      SHOP_STRIPE_WEBHOOK_SECRET_FILES: file("wrong-secret", "hunter2hunter2hunter2"),
    };
    const faults = faultsOf(env);
    assert.equal(faults.length, 2);
    assert.doesNotMatch(faults.join(), /hunter2/);
    assert.equal(faultsOf({ ...env, SHOP_STRIPE_SECRET_KEY_FILE: "/nowhere" }).length, 2);
  });

  it("are faulty in a currency that Stripe does not take", () => {
    assert.match(faultsOf(given(), { currency: "IRR" }).join(), /^SHOP_CURRENCY: Stripe does not/);
    for (const currency of ["JPY", "KWD", "ISK", "CNY"]) {
      assert.deepEqual(faultsOf(given(), { currency }), []);
    }
  });

  it("are refused in production if they are of tests, of a simulator or in plain text", () => {
    const production = { production: true };
    const faults = faultsOf({ ...given(), SHOP_STRIPE_URL: "http://127.0.0.1:50062" }, production);
    assert.deepEqual(faults.map((fault) => fault.slice(0, fault.indexOf(":"))).sort(), [
      "SHOP_CALLBACK_URL",
      "SHOP_STRIPE_SECRET_KEY_FILE",
      "SHOP_STRIPE_URL",
      "SHOP_STRIPE_URL",
    ]);
    const live = { ...given(), SHOP_STRIPE_SECRET_KEY_FILE: liveKey() };
    assert.deepEqual(faultsOf(live, { production: true, callbackUrl: "https://a.example" }), []);
  });
});
