import assert from "node:assert/strict";
import { SettingsError } from "#platform/settings/settings.ts";
import { payConfig } from "../../../services/pay/config.ts";
import { DEVELOPMENT_SANDBOX_SECRET } from "../../../simulators/sandbox/config.ts";

const faultsOf = (env: Record<string, string>): string => {
  try {
    payConfig(env);
    return "";
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.message;
  }
};

describe("the settings of pay", () => {
  it("have defaults that fit what npm start starts", () => {
    const { sandbox, callbackUrl, currency, returnOrigins } = payConfig({ SHOP_PORT_BASE: "7000" });
    assert.equal(currency, "EUR");
    assert.deepEqual(sandbox?.url, "http://127.0.0.1:7008");
    assert.equal(callbackUrl, "http://127.0.0.1:7000/pay/callback");
    assert.deepEqual(returnOrigins, [
      { protocol: "http:", hostname: "127.0.0.1", port: "*" },
      { protocol: "http:", hostname: "localhost", port: "*" },
    ]);
  });

  it("refuse what is no origin, no currency and no web address", () => {
    for (const origins of ["*", "https://a.example/path", "a.example", "https://a.example,"]) {
      assert.match(faultsOf({ SHOP_RETURN_ORIGINS: origins }), /SHOP_RETURN_ORIGINS/, origins);
    }
    assert.match(faultsOf({ SHOP_CURRENCY: "euro" }), /SHOP_CURRENCY/);
    assert.match(faultsOf({ SHOP_SANDBOX_URL: "ftp://a.example" }), /SHOP_SANDBOX_URL/);
  });

  it("never show the secret, and want a long one", () => {
    const faults = faultsOf({ SHOP_SANDBOX_SECRET: "hunter2" });
    assert.match(faults, /SHOP_SANDBOX_SECRET/);
    assert.doesNotMatch(faults, /hunter2/);
  });

  it("ask production for its own addresses, and refuse it the development secret", () => {
    const faults = faultsOf({
      SHOP_ENV: "production",
      SHOP_SANDBOX_SECRET: DEVELOPMENT_SANDBOX_SECRET,
    });
    for (const name of [
      "SHOP_CALLBACK_URL",
      "SHOP_RETURN_ORIGINS",
      "SHOP_SANDBOX_URL",
      "SHOP_SANDBOX_SECRET",
    ]) {
      assert.match(faults, new RegExp(name));
    }
    assert.doesNotMatch(faultsOf({ SHOP_ENV: "production" }), /SANDBOX/);
  });
});
