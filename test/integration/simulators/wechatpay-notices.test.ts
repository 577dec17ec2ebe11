import assert from "node:assert/strict";
import { mutate } from "./mutate.ts";
import { type Callback, until } from "./simulators.ts";
import { NATIVE, QUIET, useWechatpay } from "./wechatpay-shop.ts";

const SIGNATURE = "wechatpay-signature";

describe("the notices of the WeChat Pay simulator, judged by the Node plugin", () => {
  const at = useWechatpay();

  it("sends notices that the plugin accepts, and 1,000 of them changed that it refuses", async () => {
    const number = await at.merchant.open();
    await at.control.wechatpay.pay(number);
    await at.shop.next(at.merchant.says(number, "TRANSACTION.SUCCESS"));
    await at.control.wechatpay.faults({ ...QUIET, public_key_percent: 50 });
    at.shop.callbacks.length = 0;
    for (let batch = 0; batch < 10; batch += 1) {
      await at.control.wechatpay.send(number, { times: 100 });
    }
    const serials = new Map<string, number>();
    for (const [index, callback] of at.shop.callbacks.entries()) {
      assert.equal(at.merchant.verify(callback).content.out_trade_no, number);
      assert.throws(() => at.merchant.verify(mutate(callback, SIGNATURE, index)), `case ${index}`);
      const serial = String(callback.headers["wechatpay-serial"]);
      serials.set(serial, (serials.get(serial) ?? 0) + 1);
    }
    assert.equal(at.shop.callbacks.length, 1_000);
    assert.equal(serials.size, 2);
    for (const count of serials.values()) assert.ok(count > 400, String(count));
  }).timeout(60_000);

  it("sends fakes: those without the key are refused, the others say what is not true", async () => {
    const number = await at.merchant.open();
    await at.control.wechatpay.pay(number);
    await at.shop.next(at.merchant.says(number, "TRANSACTION.SUCCESS"));
    const fake = async (kind: "signtest") => {
      at.shop.callbacks.length = 0;
      await at.control.wechatpay.send(number, { kind, as: "another1" });
      return at.shop.callbacks[0] as Callback;
    };
    for (const kind of [
      "unsigned",
      "wrong_signature",
      "other_body",
      "signtest",
      "stale",
      "future",
    ]) {
      const callback = await fake(kind as "signtest");
      assert.throws(() => at.merchant.verify(callback), `accepts ${kind}`);
    }
    // biome-ignore lint/suspicious/noExplicitAny: the content of a notice.
    const signed: Record<string, (content: any) => boolean> = {
      amount: ({ amount }) => amount.total === 12_346,
      currency: ({ amount }) => amount.currency === "USD",
      merchant: ({ mchid }) => mchid !== at.account.mchid,
      trade: ({ transaction_id: id }) => id === `4200${"0".repeat(24)}`,
      payment: ({ out_trade_no: other }) => other === "another1",
      state: ({ trade_state: state }) => state === "NOTPAY",
    };
    for (const [kind, isFake] of Object.entries(signed)) {
      assert.ok(isFake(at.merchant.verify(await fake(kind as "signtest")).content), kind);
    }
  });

  it("probes notices and answers with a signature that is none", async () => {
    await at.control.wechatpay.faults({ signtest_percent: 100 });
    const body = at.merchant.order();
    await assert.rejects(at.call("post", NATIVE, body), /Verify the response/);
    await at.control.wechatpay.pay(body.out_trade_no);
    const isProbe = ({ headers }: Callback) =>
      String(headers[SIGNATURE]).startsWith("WECHATPAY/SIGNTEST/");
    await at.shop.next(isProbe);
    await at.control.wechatpay.faults({ ...QUIET, wrong_signature: 1 });
    await assert.rejects(
      at.call("get", at.merchant.queryPath(body.out_trade_no)),
      /Verify the response/,
    );
    assert.equal(
      (await at.call("get", at.merchant.queryPath(body.out_trade_no))).trade_state,
      "SUCCESS",
    );
  });

  it("repeats a notice 15 times in 24 hours, each with a new signature", async () => {
    at.shop.answer = () => ({ status: 500, body: '{"code":"FAIL"}' });
    const number = await at.merchant.open();
    await at.control.wechatpay.pay(number);
    const pausesS = [
      15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600,
      21_600,
    ];
    const attempts = async () =>
      (await at.control.state()).notices.find(({ trade }) => trade === number)?.attempts;
    for (const [index, seconds] of pausesS.entries()) {
      await until(
        async () => (await attempts()) === index + 1 || undefined,
        `attempt ${index + 1}`,
      );
      await at.control.advance(seconds * 100);
    }
    await until(async () => (await attempts()) === 16 || undefined, "the last attempt");
    const { notices } = await at.control.state();
    assert.equal(notices.find(({ trade }) => trade === number)?.state, "given_up");
    const mine = at.shop.callbacks.filter(at.merchant.says(number, "TRANSACTION.SUCCESS"));
    assert.equal(new Set(mine.map(({ headers }) => headers[SIGNATURE])).size, 16);
    assert.equal(new Set(mine.map(({ body }) => JSON.parse(body.toString()).id)).size, 1);
  });
});
