import assert from "node:assert/strict";
import { mayNotify } from "../base/notify-rule.ts";
import { DEVELOPMENT_SANDBOX_SECRET, sandboxConfig } from "./config.ts";

describe("settings of the sandbox", () => {
  const production = { SHOP_ENV: "production", SHOP_SANDBOX_SECRET: "a secret of 22 letters" };

  it("have defaults for a sandbox on the loopback address", () => {
    const config = sandboxConfig({});
    assert.deepEqual(config.listen, { host: "127.0.0.1", port: 50_058 });
    assert.equal(config.control, "loopback");
    assert.match(config.store, /\/\.shop\/sandbox-shop\.db$/);
  });

  it("require a secret in production, and switch the control interface off", () => {
    assert.throws(() => sandboxConfig({ SHOP_ENV: "production" }), /SHOP_SANDBOX_SECRET: must be/);
    const known = { ...production, SHOP_SANDBOX_SECRET: DEVELOPMENT_SANDBOX_SECRET };
    assert.throws(() => sandboxConfig(known), /refuses the development secret/);
    assert.equal(sandboxConfig({ ...production, SHOP_SANDBOX_CONTROL: "any" }).control, "off");
  });

  it("never show an invalid secret in the error", () => {
    assert.throws(
      () => sandboxConfig({ SHOP_SANDBOX_SECRET: "short" }),
      (error: Error) => {
        return /16 to 256/.test(error.message) && !error.message.includes("short");
      },
    );
  });

  it("allow callbacks to the loopback address only, unless they name other origins", () => {
    const { notify } = sandboxConfig({});
    const allowed = [
      "http://127.0.0.1:1/x",
      "https://localhost/",
      "http://[::1]:8",
      "http://127.1/",
    ];
    for (const url of allowed) assert.ok(mayNotify(notify, url), url);
    const refused = [
      "http://127.0.0.1.example.com/",
      "http://localhost.example.com/",
      "http://example.com/127.0.0.1",
      "http://127.0.0.1@example.com/",
      "http://user@127.0.0.1/",
      "http://169.254.169.254/",
      "http://0.0.0.0/",
      "ftp://127.0.0.1/",
      "127.0.0.1",
      "",
    ];
    for (const url of refused) assert.ok(!mayNotify(notify, url), url);
    const named = sandboxConfig({ SHOP_SANDBOX_NOTIFY_ORIGINS: "http://gateway:50050" }).notify;
    assert.ok(mayNotify(named, "http://gateway:50050/pay/callback/sandbox"));
    assert.ok(!mayNotify(named, "http://gateway:50051/"));
    assert.ok(!mayNotify(named, "http://127.0.0.1/"));
    assert.throws(() => sandboxConfig({ SHOP_SANDBOX_NOTIFY_ORIGINS: "*" }), /must be "loopback"/);
  });
});
