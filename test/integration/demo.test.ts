import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { clientSettings } from "#platform/settings/service-settings.ts";
import { readSettings } from "#platform/settings/settings.ts";
import { SERVICES } from "#proto/services.ts";
import { providerSettings } from "../../local/up/offer-simulated.ts";
import { seed } from "../../ops/seed.ts";
import { startMs } from "../../testbed/shop/shared-shop.ts";
import { type Shop, startShop } from "../../testbed/shop/shop.ts";

const program = fileURLToPath(new URL("../../local/demo.ts", import.meta.url));

describe("npm run demo", () => {
  let shop: Shop;
  let env: Record<string, string>;

  before(async function () {
    this.timeout(startMs);
    const currency = { SHOP_CURRENCY: "CNY" };
    shop = await startShop({ sandbox: true, simulators: true, gateway: true, env: currency });
    const addresses = SERVICES.map((service) => {
      return [`SHOP_${service.toUpperCase()}_ADDRESS`, shop.addresses[service]] as const;
    });
    const { alipay, wechatpay } = providerSettings(await shop.simulators.accounts());
    env = {
      SHOP_ENV: "test",
      ...currency,
      ...alipay,
      ...wechatpay,
      ...Object.fromEntries(addresses),
    };
    await seed(readSettings(env, (read) => clientSettings(read, SERVICES)));
  });

  after(() => shop?.stop());

  async function run(...args: string[]) {
    const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...env } });
    const ended = once(child, "exit");
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = (await ended) as [number];
    return { code, stdout, stderr };
  }

  it("shows an order from registration to refund with the right amounts", async () => {
    // The provider repeats the lost callback; the forged one before it has no effect.
    await shop.sandbox.faults({ drop: 1, forge: ["wrong_signature"] });
    const { code, stdout, stderr } = await run();
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /goods 76\.80 \+ shipping 10\.00 - coupon 5\.00 - balance 15\.00 = 66\.80/,
    );
    assert.match(stdout, /order: confirmed, paid/);
    assert.match(stdout, /81 points, one for each/);
    assert.match(stdout, /refund succeeded: 16\.65 through the provider, 0\.00 to the balance/);
    assert.match(stdout, /points: 65 \(\+81, -16\); balance: 5\.00/);
    assert.match(stdout, /66\.80 paid, 16\.65 refunded/);
    const { payments, fakes } = await shop.sandbox.state();
    assert.deepEqual(
      payments.map(({ amountCents, refundedCents }) => [amountCents, refundedCents]),
      [[6_680n, 1_665n]],
    );
    assert.ok(fakes.length > 0 && fakes.every(({ answer }) => !answer.startsWith("200")));
  });

  for (const [provider, story] of [
    ["alipay", /Alipay.*the checkout page is .*"Scan with .*"Confirm payment"/s],
    ["wechatpay", /WeChat Pay.*scans this code, weixin:.*█.*"Scan with .*"Confirm payment"/s],
    ["stripe", /Stripe.*the checkout page is .*"Pay" leads to/s],
  ] as const) {
    it(`tells the same story with ${provider}`, async () => {
      const { code, stdout, stderr } = await run("--provider", provider);
      assert.equal(code, 0, stderr);
      assert.match(stdout, story);
      assert.match(stdout, /66\.80 paid, 16\.65 refunded/);
      const { trades } = await shop.simulators.state();
      const own = trades.filter(({ face }) => face === provider);
      assert.deepEqual(
        own.map(({ amount, refunded }) => [amount, refunded]),
        [[6_680n, 1_665n]],
      );
    }).timeout(40_000);
  }

  it("names the providers that the shop offers when it is asked for another one", async () => {
    const { code, stderr } = await run("--provider", "cheque");
    assert.equal(code, 1);
    assert.match(stderr, /offers alipay, sandbox, stripe, wechatpay, not cheque/);
  });

  it("exits with 1 and one line when the provider is down", async () => {
    await shop.sandbox.faults({ down: true });
    const { code, stderr } = await run();
    await shop.sandbox.faults();
    assert.equal(code, 1);
    assert.match(stderr, /^[^\n]*(unavailable|PROVIDER_UNAVAILABLE)[^\n]*\n$/i);
  });
});
