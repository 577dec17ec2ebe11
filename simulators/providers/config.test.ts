import assert from "node:assert/strict";
import { simulatorsConfig } from "./config.ts";

describe("settings of the simulators", () => {
  it("have defaults for faces on the loopback address", () => {
    const config = simulatorsConfig({});
    const ports = Object.fromEntries(
      Object.entries(config.listen).map(([name, { port }]) => [name, port]),
    );
    assert.deepEqual(ports, { alipay: 50_060, wechatpay: 50_061, stripe: 50_062, control: 50_063 });
    assert.equal(config.stripeWebhookUrl, "http://127.0.0.1:50050/pay/callback/stripe");
    assert.match(config.store, /\/\.shop\/simulators-shop\.db$/);
    assert.match(config.keys, /\/\.shop\/simulators-shop-keys$/);
  });

  it("refuse production", () => {
    assert.throws(() => simulatorsConfig({ SHOP_ENV: "production" }), /do not run in production/);
  });

  it("take a clock with its zone, and no other", () => {
    const clock = (text: string) => simulatorsConfig({ SHOP_SIMULATORS_CLOCK: text }).clockMs;
    assert.equal(clock("2026-11-27T08:00:00+08:00"), Date.UTC(2026, 10, 27));
    for (const text of ["2026-11-27", "2026-11-27T08:00:00", "yesterday", "2026-13-01T00:00:00Z"]) {
      assert.throws(() => clock(text), /SHOP_SIMULATORS_CLOCK/, text);
    }
  });
});
