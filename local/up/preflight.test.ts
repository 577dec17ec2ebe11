import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SettingsError } from "#platform/settings/settings.ts";
import { preflight } from "./preflight.ts";

describe("the check of the settings before a start", () => {
  const directory = mkdtempSync(join(tmpdir(), "jetshop-preflight-"));
  after(() => rmSync(directory, { recursive: true }));

  function faultsOf(env: NodeJS.ProcessEnv, dataDir = directory): string[] {
    try {
      preflight(env, dataDir);
      return [];
    } catch (error) {
      assert.ok(error instanceof SettingsError, String(error));
      return error.faults.map((fault) => fault.split(":")[0] ?? "");
    }
  }

  it("reports the faults of all programs together, each variable once", () => {
    const env = {
      SHOP_CURRENCY: "Euro",
      SHIPPING_FEE_CENTS: "-1",
      POINTS_PER_UNIT: "1000",
      SHOP_RATE_PER_USER: "x",
      SHOP_MYSQL_URL: "localhost",
      SHOP_MYSQL_POOL: "0",
      SHOP_NATS_URL: "nats:",
      SHOP_NAMESPACE: "My Shop",
      SHOP_PORT_BASE: "80",
      SHOP_GOODS_LISTEN: "50051",
      SHOP_SANDBOX_LISTEN: "sandbox",
      SHOP_SANDBOX_SECRET: "short",
      SHOP_LOG_LEVEL: "loud",
    };
    assert.deepEqual(faultsOf(env).sort(), Object.keys(env).sort());
  });

  it("reports everything that production refuses in one round", () => {
    assert.deepEqual(
      faultsOf({ SHOP_ENV: "production", SHOP_MYSQL_URL: "mysql://root@db" }).sort(),
      [
        "SHOP_ALLOWED_ORIGINS",
        "SHOP_CALLBACK_URL",
        "SHOP_MYSQL_URL",
        "SHOP_RETURN_ORIGINS",
        "SHOP_SERVICE_PRIVATE_KEY",
        "SHOP_TLS_CERT_FILE, SHOP_TLS_KEY_FILE",
        "SHOP_TOKEN_PRIVATE_KEY",
      ],
    );
  });

  it("reports a data directory that cannot be written, at once", () => {
    writeFileSync(join(directory, "file"), "");
    for (const folder of ["/proc/nope", "/proc/nope/deeper", join(directory, "file/below")]) {
      assert.deepEqual(faultsOf({}, folder), ["SHOP_DATA_DIR"], folder);
    }
  });

  it("finds where each program will listen, and knows that production has no simulators", () => {
    const { listens } = preflight(
      { SHOP_PORT_BASE: "20000", SHOP_PAY_LISTEN: "[::1]:4" },
      directory,
    );
    assert.deepEqual(
      listens.map(({ name, host, port }) => `${name} ${host}:${port}`),
      [
        "goods 127.0.0.1:20001",
        "coupon 127.0.0.1:20002",
        "user 127.0.0.1:20003",
        "order 127.0.0.1:20004",
        "pay [::1]:4",
        "gateway 127.0.0.1:20000",
        "sandbox 127.0.0.1:20008",
        "simulators, alipay 127.0.0.1:20010",
        "simulators, wechatpay 127.0.0.1:20011",
        "simulators, stripe 127.0.0.1:20012",
        "simulators, control 127.0.0.1:20013",
      ],
    );
    const refused = { SHOP_ENV: "production", SHOP_SANDBOX_LISTEN: "nowhere" };
    assert.ok(!faultsOf(refused).includes("SHOP_SANDBOX_LISTEN"));
  });
});
