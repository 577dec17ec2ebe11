import assert from "node:assert/strict";
import type { AlipaySdk } from "alipay-sdk";
import { paramsOf, says, useAlipay } from "./alipay-shop.ts";
import { type Callback, until } from "./simulators.ts";

describe("the notices of the Alipay simulator, judged by Alipay's SDK", () => {
  const at = useAlipay();
  const { client, pay, status } = at;

  it("sends notices that the SDK accepts, and 1,000 of them changed that it refuses", async () => {
    const number = await pay();
    await at.shop.next(says(number, "TRADE_SUCCESS"));
    at.shop.callbacks.length = 0;
    for (let batch = 0; batch < 10; batch += 1) {
      await at.control.alipay.send(number, { times: 100 });
    }
    assert.equal(at.shop.callbacks.length, 1_000);
    for (const [index, callback] of at.shop.callbacks.entries()) {
      const params = paramsOf(callback);
      assert.ok(at.alipay.checkNotifySignV2(params));
      assert.ok(!at.alipay.checkNotifySignV2(changed(params, index)), `case ${index}`);
    }
  }).timeout(60_000);

  /** A notice with one value changed, dropped or added. */
  function changed(params: Record<string, string>, index: number): Record<string, string> {
    const names = Object.keys(params).filter((name) => name !== "sign_type");
    const name = names[index % names.length] as string;
    const value = params[name] as string;
    const { [name]: _, ...others } = params;
    if (index % 3 === 0) return { ...others, [`${name}x`]: value };
    return index % 3 === 1
      ? { ...params, [name]: `!${value.slice(1)}` }
      : { ...params, extra: "1" };
  }

  it("sends fakes that the SDK refuses unless they are signed", async () => {
    const number = await pay();
    await at.shop.next(says(number, "TRADE_SUCCESS"));
    for (const kind of ["unsigned", "wrong_signature", "other_body"] as const) {
      at.shop.callbacks.length = 0;
      await at.control.alipay.send(number, { kind });
      assert.ok(!at.alipay.checkNotifySignV2(paramsOf(at.shop.callbacks[0] as Callback)), kind);
    }
    for (const kind of ["amount", "merchant", "trade", "payment", "state"] as const) {
      at.shop.callbacks.length = 0;
      await at.control.alipay.send(number, { kind });
      assert.ok(at.alipay.checkNotifySignV2(paramsOf(at.shop.callbacks[0] as Callback)), kind);
    }
  });

  it("repeats a notice seven times in 25 hours until the answer is exactly success", async () => {
    at.shop.answer = () => ({ status: 200, body: "success\n" });
    const number = await pay();
    const pausesS = [240, 600, 600, 3_600, 7_200, 21_600, 54_000];
    const attempts = async (count: number) =>
      until(async () => {
        const { notices } = await at.control.state();
        return notices.find((one) => one.trade === number && one.attempts === count);
      }, `attempt ${count}`);
    for (const [index, seconds] of pausesS.entries()) {
      await attempts(index + 1);
      await at.control.advance(seconds * 100);
    }
    assert.equal((await attempts(8)).state, "given_up");
    const ids = at.shop.callbacks.map((callback) => paramsOf(callback).notify_id);
    assert.deepEqual([ids.length, new Set(ids).size], [8, 1]);
  });

  it("signs with a new key after a rotation, and with the old one by share", async () => {
    const number = await pay();
    await at.shop.next(says(number, "TRADE_SUCCESS"));
    const { publicKey } = await at.control.alipay.command("rotate-key");
    const renewed = client({ alipayPublicKey: String(publicKey) });
    await at.control.alipay.faults({ public_key_percent: 50 });
    at.shop.callbacks.length = 0;
    await at.control.alipay.send(number, { times: 100 });
    const accepted = (sdk: AlipaySdk) =>
      at.shop.callbacks.filter((callback) => sdk.checkNotifySignV2(paramsOf(callback))).length;
    const [old, fresh] = [accepted(at.alipay), accepted(renewed)];
    assert.equal(old + fresh, 100);
    assert.ok(old > 20 && fresh > 20, `${old} and ${fresh}`);
    await at.control.alipay.faults();
    at.alipay = renewed;
    assert.equal(await status(number), "TRADE_SUCCESS");
  });
});
