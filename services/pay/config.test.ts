import assert from "node:assert/strict";
import { SettingsError } from "#platform/settings/settings.ts";
import { payConfig } from "./config.ts";

const errorOf = (env: Record<string, string>): string => {
  try {
    payConfig(env);
    return "";
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.message;
  }
};

describe("settings of pay", () => {
  it("have defaults that match npm start", () => {
    const { callbackUrl, currency, returnOrigins } = payConfig({ SHOP_PORT_BASE: "7000" });
    assert.equal(currency, "EUR");
    assert.equal(callbackUrl, "http://127.0.0.1:7000/pay/callback");
    assert.deepEqual(returnOrigins, [
      { protocol: "http:", hostname: "127.0.0.1", port: "*" },
      { protocol: "http:", hostname: "localhost", port: "*" },
    ]);
  });

  it("refuse an invalid origin, currency or URL", () => {
    for (const origins of ["*", "https://a.example/path", "a.example", "https://a.example,"]) {
      assert.match(errorOf({ SHOP_RETURN_ORIGINS: origins }), /SHOP_RETURN_ORIGINS/, origins);
    }
    for (const code of ["euro", "eur", "XXQ", "XXX", "EUR "]) {
      assert.match(errorOf({ SHOP_CURRENCY: code }), /SHOP_CURRENCY: must be a currency/, code);
    }
    assert.match(errorOf({ SHOP_SANDBOX_URL: "ftp://a.example" }), /SHOP_SANDBOX_URL/);
  });

  it("refuse a short secret without showing it", () => {
    const message = errorOf({ SHOP_SANDBOX_SECRET: "hunter2" });
    assert.match(message, /SHOP_SANDBOX_SECRET/);
    assert.doesNotMatch(message, /hunter2/);
  });

  it("require addresses in production, and refuse the development secret there", () => {
    const message = errorOf({
      SHOP_ENV: "production",
      SHOP_SANDBOX_SECRET: "jetshop-sandbox-development-secret",
    });
    for (const name of [
      "SHOP_CALLBACK_URL",
      "SHOP_RETURN_ORIGINS",
      "SHOP_SANDBOX_URL",
      "SHOP_SANDBOX_SECRET",
    ]) {
      assert.match(message, new RegExp(name));
    }
    assert.doesNotMatch(errorOf({ SHOP_ENV: "production" }), /SANDBOX/);
  });

  it("report what is half set of several providers together", () => {
    const message = errorOf({
      SHOP_ALIPAY_APP_ID: "2021000000000001",
      SHOP_WECHATPAY_MCHID: "1900000001",
      SHOP_STRIPE_SECRET_KEY_FILE: "/nowhere",
    });
    for (const name of [
      "SHOP_ALIPAY_SELLER_ID",
      "SHOP_WECHATPAY_APPID",
      "SHOP_STRIPE_WEBHOOK_SECRET_FILES",
    ]) {
      assert.match(message, new RegExp(`${name}: must be set`));
    }
  });

  it("name the providers that are set", () => {
    assert.deepEqual([...payConfig({}).providers.keys()], ["sandbox"]);
    const production = {
      SHOP_ENV: "production",
      SHOP_CALLBACK_URL: "https://a.example/pay/callback",
      SHOP_RETURN_ORIGINS: "https://a.example",
    };
    const message = errorOf(production);
    assert.doesNotMatch(message, /SANDBOX|CALLBACK|ORIGINS/);
  });
});
