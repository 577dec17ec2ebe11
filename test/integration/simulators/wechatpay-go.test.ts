import assert from "node:assert/strict";
import { BUILD_MS, type GoJudge, isGoInReach, startGoJudge } from "./go-judge.ts";
import { mutate } from "./mutate.ts";
import { QUIET, useWechatpay } from "./wechatpay-shop.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const SIGNATURE = "wechatpay-signature";

describe("the WeChat Pay simulator, judged by the Go SDK", () => {
  const at = useWechatpay();

  let judge: GoJudge;

  before(function () {
    this.timeout(BUILD_MS);
    if (!isGoInReach()) {
      console.log("      skipped: wechatpay-go needs Go, which is not installed");
      this.skip();
    }
    judge = startGoJudge(at.account);
  });

  after(() => judge?.stop());

  it("opens, queries, closes, refunds twice and fetches the bill", async () => {
    const body = at.merchant.order();
    const number = body.out_trade_no;
    assert.match((await judge.call("open", { body })).code_url, /^weixin:/);
    assert.equal((await judge.call("query", { number })).trade_state, "NOTPAY");
    await at.control.wechatpay.pay(number);
    assert.equal((await judge.call("query", { number })).amount.total, 12_345);
    await assert.rejects(judge.call("close", { number }), /ORDERPAID/);
    const first = at.merchant.refund(number, 2_345);
    assert.equal((await judge.call("refund", { body: first })).status, "PROCESSING");
    await at.control.advance(MINUTE_MS);
    await judge.call("refund", { body: at.merchant.refund(number, 10_000) });
    const refund = await judge.call("query-refund", { number: first.out_refund_no });
    assert.equal(refund.status, "SUCCESS");
    const other = await at.merchant.open();
    assert.equal(await judge.call("close", { number: other }), "closed");
    const day = new Date((await at.control.now()).getTime() + 8 * 3_600_000).toISOString();
    await at.control.advance(DAY_MS);
    await at.control.advance(DAY_MS);
    const bill = await judge.call("bill", { number: day.slice(0, 10) });
    assert.equal(bill.hash_type, "SHA1");
  });

  it("refuses an answer with a wrong signature", async () => {
    const number = await at.merchant.open();
    await at.control.wechatpay.faults({ ...QUIET, wrong_signature: 1 });
    await assert.rejects(judge.call("query", { number }), /verif/i);
  });

  it("accepts 1,000 notices of both keys, and refuses 1,000 changed ones", async () => {
    const number = await at.merchant.open();
    await at.control.wechatpay.pay(number);
    await at.shop.next(at.merchant.says(number, "TRANSACTION.SUCCESS"));
    await at.control.wechatpay.faults({ ...QUIET, public_key_percent: 50 });
    at.shop.callbacks.length = 0;
    for (let batch = 0; batch < 10; batch += 1) {
      await at.control.wechatpay.send(number, { times: 100 });
    }
    await Promise.all(
      at.shop.callbacks.map(async (callback, index) => {
        assert.equal((await judge.verify(callback)).out_trade_no, number);
        await assert.rejects(judge.verify(mutate(callback, SIGNATURE, index)), `case ${index}`);
      }),
    );
    assert.equal(at.shop.callbacks.length, 1_000);
  }).timeout(60_000);
});
