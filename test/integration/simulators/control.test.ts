import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { AlipaySdk } from "alipay-sdk";
import { Stripe } from "stripe";
import type { SimulatorsControl } from "../../../simulators/providers/client.ts";
import { type Shop, type Simulators, startShop, startSimulators, until } from "./simulators.ts";
import { wechatpayShop } from "./wechatpay-shop.ts";

const FACES = ["alipay", "wechatpay", "stripe"] as const;
type Face = (typeof FACES)[number];

describe("the control interface of the simulators", () => {
  let simulators: Simulators;
  let control: SimulatorsControl;
  let shop: Shop;

  before(async () => {
    shop = await startShop({ status: 200, body: "success" });
    simulators = await startSimulators({
      SHOP_SIMULATORS_STRIPE_WEBHOOK_URL: `${shop.url}/stripe`,
      SHOP_SIMULATORS_SCHEDULE_PERCENT: "1",
    });
    ({ control } = simulators);
    for (const face of FACES) await reset(face);
  });

  after(async () => {
    await simulators?.stop();
    await shop?.stop();
  });

  afterEach(async () => {
    for (const face of FACES) await reset(face);
    shop.callbacks.length = 0;
    shop.answer = () => ({ status: 200, body: "success" });
  });

  async function reset(face: Face, faults: object = {}): Promise<void> {
    const quiet = face === "wechatpay" ? { signtest_percent: 0 } : {};
    await control[face].faults({ ...quiet, ...faults });
  }

  /** Opens a payment of 123.45. Returns its number. */
  async function open(face: Face): Promise<string> {
    const { accounts } = simulators;
    if (face === "wechatpay")
      return wechatpayShop(accounts.wechatpay, shop).open({ notify_url: `${shop.url}/wechatpay` });
    if (face === "alipay") return openAlipay();
    const { hostname, port } = new URL(accounts.stripe.url);
    const stripe = new Stripe(accounts.stripe.secretKey, {
      host: hostname,
      port,
      protocol: "http",
    });
    const price = { currency: "cny", unit_amount: 12_345, product_data: { name: "tea" } };
    const session = await stripe.checkout.sessions.create({
      mode: "payment",
      line_items: [{ quantity: 1, price_data: price }],
      success_url: "http://127.0.0.1:9/thanks",
    });
    return session.id;
  }

  async function openAlipay(): Promise<string> {
    const { appId, merchantPrivateKey, url } = simulators.accounts.alipay;
    const gateway = `${url}/gateway.do`;
    const sdk = new AlipaySdk({ appId, privateKey: merchantPrivateKey, keyType: "PKCS8", gateway });
    const number = randomUUID().replaceAll("-", "");
    const link = sdk.pageExecute("alipay.trade.page.pay", "GET", {
      bizContent: {
        out_trade_no: number,
        product_code: "FAST_INSTANT_TRADE_PAY",
        total_amount: "123.45",
        subject: "tea",
      },
      notify_url: `${shop.url}/alipay`,
    });
    await fetch(link);
    return number;
  }

  const noticeOf = async (number: string) =>
    (await control.state()).notices.find(({ trade }) => trade === number);
  const answered = (number: string) =>
    until(
      async () => ((await noticeOf(number))?.state === "answered" ? true : undefined),
      "answer",
    );

  it("names the keys that a shop needs, in files that exist", () => {
    const { alipay, wechatpay } = simulators.accounts;
    const files = [...Object.values(alipay.files), ...Object.values(wechatpay.files)];
    assert.equal(files.length, 6);
    for (const file of files) assert.ok(existsSync(file), file);
  });

  it("refuses unknown faults, values, commands and payments, and a clock that goes back", async () => {
    for (const face of FACES) {
      await assert.rejects(control[face].faults({ colour: 1 } as object), /does not exist/);
      await assert.rejects(control[face].faults({ duplicate: 1_000 }), /does not accept/);
      await assert.rejects(control[face].pay("unknown"), /404/);
      await assert.rejects(control[face].command("dance"), /no command/);
      const number = await open(face);
      await assert.rejects(control[face].pay(number, { method: "cash" }), /method must be/);
      await assert.rejects(control[face].pay(number, { coupon: -1 }), /coupon must be/);
      await assert.rejects(control[face].refund(number, 1n), /cannot be refunded/);
      await assert.rejects(control[face].settle("unknown", "succeeded"), /404/);
    }
    await assert.rejects(control.alipay.faults({ tamper: "stale" }), /does not accept/);
    await assert.rejects(control.advance(-1), /at least 0/);
    const plain = await fetch(`${control.url}/control/clock`, { method: "POST", body: "{}" });
    assert.equal(plain.status, 415);
  });

  for (const face of FACES) {
    it(`delivers what was queued when it is killed: ${face}`, async () => {
      shop.answer = () => ({ status: 503, body: "" });
      const numbers = await Promise.all(Array.from({ length: 10 }, () => open(face)));
      for (const number of numbers) await control[face].pay(number);
      await simulators.kill();
      shop.answer = () => ({ status: 200, body: "success" });
      await simulators.start();
      await reset(face);
      await control.advance(3_600_000);
      for (const number of numbers) await answered(number);
      const { trades, movements } = await control.state();
      for (const number of numbers) {
        assert.equal(trades.find((trade) => trade.number === number)?.state, "paid");
        const mine = movements.filter(({ trade }) => trade === number);
        assert.deepEqual(
          mine.map(({ type, amount }) => [type, amount]),
          [["charge", 12_345n]],
        );
      }
    });

    it(`drops, delays, doubles, forges and replaces callbacks: ${face}`, async () => {
      const paid = async (faults: object) => {
        await reset(face, faults);
        shop.callbacks.length = 0;
        const number = await open(face);
        await control[face].pay(number);
        return number;
      };
      const dropped = await paid({ drop: 1 });
      await until(
        async () => (await noticeOf(dropped))?.lastAnswer === "dropped" || undefined,
        "drop",
      );
      const delayed = await paid({ delay_ms: 3_600_000 });
      assert.equal((await noticeOf(delayed))?.attempts, 0);
      await control.advance(3_600_000);
      await answered(delayed);
      await answered(dropped);
      await answered(await paid({ duplicate: 2, forge: ["unsigned", "other_body"] }));
      assert.equal(shop.callbacks.length, 5);
      const tampered = await paid({ tamper: "amount" });
      await until(async () => ((await noticeOf(tampered))?.attempts ?? 0) > 0 || undefined, "fake");
      assert.equal((await noticeOf(tampered))?.state, "waiting");
    });

    it(`is down until the fault is cleared: ${face}`, async () => {
      const number = await open(face);
      await reset(face, { down: true });
      await assert.rejects(open(face));
      await control[face].pay(number);
      assert.equal((await noticeOf(number))?.attempts, 0);
      await reset(face);
      await answered(number);
    });
  }

  it("is documented by the program itself", () => {
    const main = "simulators/providers/main.ts";
    const { stdout, status } = spawnSync(process.execPath, [main, "--help"], { encoding: "utf8" });
    assert.equal(status, 0);
    assert.match(stdout, /control\/accounts/);
  });
});
