import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { Aes, Formatter } from "wechatpay-axios-plugin";
import type { Accounts, SimulatorsControl } from "../../../simulators/providers/client.ts";
import { BUILD_MS, type GoJudge, isGoInReach, startGoJudge } from "./go-judge.ts";
import { mutate } from "./mutate.ts";
import {
  type Callback,
  type Shop,
  type Simulators,
  startShop,
  startSimulators,
  until,
} from "./simulators.ts";
import { NATIVE, REFUNDS, refused, wechatpayClient, wechatpayShop } from "./wechatpay-shop.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const SIGNATURE = "wechatpay-signature";

describe("the WeChat Pay simulator, judged by two SDKs", () => {
  let simulators: Simulators;
  let control: SimulatorsControl;
  let shop: Shop;
  let account: Accounts["wechatpay"];
  let call: ReturnType<typeof wechatpayShop>["call"];
  let merchant: ReturnType<typeof wechatpayShop>;

  before(async () => {
    shop = await startShop({ status: 204, body: "" });
    simulators = await startSimulators({ SHOP_SIMULATORS_SCHEDULE_PERCENT: "10" });
    ({ control } = simulators);
    account = simulators.accounts.wechatpay;
    merchant = wechatpayShop(account, shop);
    ({ call } = merchant);
    await control.wechatpay.faults({ signtest_percent: 0 });
  });

  after(async () => {
    await simulators?.stop();
    await shop?.stop();
  });

  afterEach(async () => {
    await control.wechatpay.faults({ signtest_percent: 0 });
    shop.answer = () => ({ status: 204, body: "" });
    shop.callbacks.length = 0;
  });

  it("opens, is paid, refunded twice, asked and closed through the Node plugin", async () => {
    const body = merchant.order();
    const { code_url } = await call("post", NATIVE, body);
    assert.match(code_url, /^weixin:\/\/wxpay\/bizpayurl\?pr=/);
    assert.equal((await call("post", NATIVE, body)).code_url, code_url);
    const number = body.out_trade_no;
    assert.equal((await call("get", merchant.queryPath(number))).trade_state, "NOTPAY");
    await control.wechatpay.pay(number);
    const { content } = merchant.verify(
      await shop.next(merchant.says(number, "TRANSACTION.SUCCESS")),
    );
    assert.deepEqual(content.amount, {
      total: 12_345,
      payer_total: 12_345,
      currency: "CNY",
      payer_currency: "CNY",
    });
    assert.equal((await call("get", merchant.queryPath(number))).trade_state, "SUCCESS");
    await assert.rejects(merchant.close(number));

    const first = merchant.refund(number, 2_345);
    assert.equal((await call("post", REFUNDS, first)).status, "PROCESSING");
    assert.equal((await call("post", REFUNDS, first)).status, "PROCESSING");
    await assert.rejects(
      call("post", REFUNDS, merchant.refund(number, 1)),
      refused("FREQUENCY_LIMITED"),
    );
    await control.advance(MINUTE_MS);
    const notice = merchant.verify(await shop.next(merchant.says(number, "REFUND.SUCCESS")));
    assert.equal(notice.content.refund_status, "SUCCESS");
    assert.equal(notice.content.appid, undefined);
    await call("post", REFUNDS, merchant.refund(number, 10_000));
    await control.advance(MINUTE_MS);
    assert.equal((await call("get", `${REFUNDS}/${first.out_refund_no}`)).status, "SUCCESS");
    assert.equal((await call("get", merchant.queryPath(number))).trade_state, "REFUND");
    await assert.rejects(
      call("post", REFUNDS, merchant.refund(number, 1)),
      refused("INVALID_REQUEST"),
    );

    const other = await merchant.open();
    await merchant.close(other);
    assert.equal((await call("get", merchant.queryPath(other))).trade_state, "CLOSED");
    assert.equal((await control.wechatpay.pay(other)).state, "closed");
  });

  it("ends a refund as the fault demands: CLOSED, or ABNORMAL until another card takes it", async () => {
    const number = await merchant.open();
    await control.wechatpay.pay(number);
    await control.wechatpay.faults({ signtest_percent: 0, refund: "closed" });
    const closed = merchant.refund(number, 345);
    await call("post", REFUNDS, closed);
    await control.advance(MINUTE_MS);
    await shop.next(merchant.says(number, "REFUND.CLOSED"));
    await control.wechatpay.faults({ signtest_percent: 0, refund: "abnormal" });
    const body = merchant.refund(number, 12_345);
    const { refund_id: id } = await call("post", REFUNDS, body);
    await control.advance(MINUTE_MS);
    await shop.next(merchant.says(number, "REFUND.ABNORMAL"));
    await call("post", `${REFUNDS}/${id}/apply-abnormal-refund`, {
      out_refund_no: body.out_refund_no,
      type: "MERCHANT_BANK_CARD",
    });
    await control.advance(MINUTE_MS);
    await shop.next(merchant.says(number, "REFUND.SUCCESS"));
    await control.wechatpay.faults({ signtest_percent: 0, refund: "not_enough" });
    const another = await merchant.open();
    await control.wechatpay.pay(another);
    await assert.rejects(call("post", REFUNDS, merchant.refund(another, 1)), refused("NOT_ENOUGH"));
  });

  it("refuses what WeChat Pay refuses", async () => {
    const number = await merchant.open();
    const paid = await merchant.open();
    await control.wechatpay.pay(paid);
    const again = (changes: object) =>
      call("post", NATIVE, merchant.order({ out_trade_no: number, ...changes }));
    const soon = new Date((await control.now()).getTime() + 30_000).toISOString();
    const cases: [() => Promise<unknown>, string][] = [
      [() => again({ amount: { total: 1, currency: "CNY" } }), "OUT_TRADE_NO_USED"],
      [() => again({ out_trade_no: paid }), "OUT_TRADE_NO_USED"],
      [() => again({ time_expire: "2099-01-01T00:00:00+08:00" }), "INVALID_REQUEST"],
      [() => call("post", NATIVE, merchant.order({ colour: "red" })), "PARAM_ERROR"],
      [() => call("post", NATIVE, merchant.order({ out_trade_no: "12345" })), "PARAM_ERROR"],
      [() => call("post", NATIVE, merchant.order({ out_trade_no: "x".repeat(33) })), "PARAM_ERROR"],
      [
        () => call("post", NATIVE, merchant.order({ description: "茶".repeat(128) })),
        "PARAM_ERROR",
      ],
      [
        () => call("post", NATIVE, merchant.order({ time_expire: soon.replace(/\.\d+/, "") })),
        "PARAM_ERROR",
      ],
      [
        () => call("post", NATIVE, merchant.order({ notify_url: `${shop.url}/x?y=1` })),
        "PARAM_ERROR",
      ],
      [
        () => call("post", NATIVE, merchant.order({ notify_url: "https://example.com/" })),
        "PARAM_ERROR",
      ],
      [() => call("post", NATIVE, merchant.order({ amount: { total: 0 } })), "PARAM_ERROR"],
      [() => call("post", NATIVE, merchant.order({ appid: "wx0" })), "APPID_MCHID_NOT_MATCH"],
      [() => call("post", NATIVE, merchant.order({ mchid: "1600000000" })), "MCH_NOT_EXISTS"],
      [
        () =>
          wechatpayClient({ ...account, merchantSerial: "00" })("post", NATIVE, merchant.order()),
        "SIGN_ERROR",
      ],
      [
        () =>
          wechatpayClient({ ...account, mchid: "1600000000" })("post", NATIVE, merchant.order()),
        "SIGN_ERROR",
      ],
      [() => call("get", merchant.queryPath("unknown1")), "ORDER_NOT_EXIST"],
      [() => call("post", REFUNDS, merchant.refund("unknown1", 1)), "RESOURCE_NOT_EXISTS"],
      [() => call("post", REFUNDS, merchant.refund(number, 1)), "INVALID_REQUEST"],
      [
        () =>
          call("post", REFUNDS, {
            ...merchant.refund(paid, 1),
            amount: { refund: 1, total: 2, currency: "CNY" },
          }),
        "INVALID_REQUEST",
      ],
      [() => call("get", `${REFUNDS}/unknown`), "RESOURCE_NOT_EXISTS"],
      [() => call("get", "v3/bill/tradebill?bill_date=2020-01-01"), "INVALID_REQUEST"],
    ];
    for (const [index, [attempt, code]] of cases.entries()) {
      await assert.rejects(attempt(), refused(code, `case ${index}`));
    }
  });

  it("refuses a clock that is more than five minutes off", async () => {
    const path = `/${merchant.queryPath(await merchant.open())}`;
    const at = async (seconds: number) => {
      const authorization = merchant.authorization("GET", path, seconds);
      return (await fetch(account.url + path, { headers: { authorization } })).status;
    };
    assert.deepEqual(
      await Promise.all([at(-295), at(295), at(-305), at(305)]),
      [200, 200, 401, 401],
    );
  });

  it("sends notices that the plugin accepts, and 1,000 of them changed that it refuses", async () => {
    const number = await merchant.open();
    await control.wechatpay.pay(number);
    await shop.next(merchant.says(number, "TRANSACTION.SUCCESS"));
    await control.wechatpay.faults({ signtest_percent: 0, public_key_percent: 50 });
    shop.callbacks.length = 0;
    for (let batch = 0; batch < 10; batch += 1) {
      await control.wechatpay.send(number, { times: 100 });
    }
    const serials = new Map<string, number>();
    for (const [index, callback] of shop.callbacks.entries()) {
      assert.equal(merchant.verify(callback).content.out_trade_no, number);
      assert.throws(() => merchant.verify(mutate(callback, SIGNATURE, index)), `case ${index}`);
      const serial = String(callback.headers["wechatpay-serial"]);
      serials.set(serial, (serials.get(serial) ?? 0) + 1);
    }
    assert.equal(shop.callbacks.length, 1_000);
    assert.equal(serials.size, 2);
    for (const count of serials.values()) assert.ok(count > 400, String(count));
  }).timeout(60_000);

  it("sends fakes: those without the key are refused, the others say what is not true", async () => {
    const number = await merchant.open();
    await control.wechatpay.pay(number);
    await shop.next(merchant.says(number, "TRANSACTION.SUCCESS"));
    const fake = async (kind: "signtest") => {
      shop.callbacks.length = 0;
      await control.wechatpay.send(number, { kind, as: "another1" });
      return shop.callbacks[0] as Callback;
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
      assert.throws(() => merchant.verify(callback), `accepts ${kind}`);
    }
    // biome-ignore lint/suspicious/noExplicitAny: the content of a notice.
    const signed: Record<string, (content: any) => boolean> = {
      amount: ({ amount }) => amount.total === 12_346,
      currency: ({ amount }) => amount.currency === "USD",
      merchant: ({ mchid }) => mchid !== account.mchid,
      trade: ({ transaction_id: id }) => id === `4200${"0".repeat(24)}`,
      payment: ({ out_trade_no: other }) => other === "another1",
      state: ({ trade_state: state }) => state === "NOTPAY",
    };
    for (const [kind, isFake] of Object.entries(signed)) {
      assert.ok(isFake(merchant.verify(await fake(kind as "signtest")).content), kind);
    }
  });

  it("probes notices and answers with a signature that is none", async () => {
    await control.wechatpay.faults({ signtest_percent: 100 });
    const body = merchant.order();
    await assert.rejects(call("post", NATIVE, body), /Verify the response/);
    await control.wechatpay.pay(body.out_trade_no);
    const isProbe = ({ headers }: Callback) =>
      String(headers[SIGNATURE]).startsWith("WECHATPAY/SIGNTEST/");
    await shop.next(isProbe);
    await control.wechatpay.faults({ signtest_percent: 0, wrong_signature: 1 });
    await assert.rejects(call("get", merchant.queryPath(body.out_trade_no)), /Verify the response/);
    assert.equal((await call("get", merchant.queryPath(body.out_trade_no))).trade_state, "SUCCESS");
  });

  it("pays less than the total with a coupon", async () => {
    await control.wechatpay.faults({ signtest_percent: 0, coupon: 345 });
    const number = await merchant.open();
    await control.wechatpay.pay(number);
    const { amount } = await call("get", merchant.queryPath(number));
    assert.deepEqual([amount.total, amount.payer_total], [12_345, 12_000]);
  });

  it("lets the shopper pay while the shop closes, and refuses to pay after time_expire", async () => {
    const number = await merchant.open();
    await control.wechatpay.faults({ signtest_percent: 0, pay_during_close: 1 });
    const close = merchant.close(number);
    await assert.rejects(close, refused("ORDERPAID"));
    assert.equal((await call("get", merchant.queryPath(number))).trade_state, "SUCCESS");
    const expires = new Date((await control.now()).getTime() + 2 * MINUTE_MS);
    const timed = await merchant.open({ time_expire: expires.toISOString().replace(/\.\d+/, "") });
    await control.advance(2 * MINUTE_MS);
    assert.equal((await control.wechatpay.pay(timed)).state, "open");
    assert.equal((await call("get", merchant.queryPath(timed))).trade_state, "NOTPAY");
    await control.advance(7 * DAY_MS);
    assert.equal((await call("get", merchant.queryPath(timed))).trade_state, "CLOSED");
  });

  it("repeats a notice 15 times in 24 hours, each with a new signature", async () => {
    shop.answer = () => ({ status: 500, body: '{"code":"FAIL"}' });
    const number = await merchant.open();
    await control.wechatpay.pay(number);
    const pausesS = [
      15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600,
      21_600,
    ];
    const attempts = async () =>
      (await control.state()).notices.find(({ trade }) => trade === number)?.attempts;
    for (const [index, seconds] of pausesS.entries()) {
      await until(
        async () => (await attempts()) === index + 1 || undefined,
        `attempt ${index + 1}`,
      );
      await control.advance(seconds * 100);
    }
    await until(async () => (await attempts()) === 16 || undefined, "the last attempt");
    const { notices } = await control.state();
    assert.equal(notices.find(({ trade }) => trade === number)?.state, "given_up");
    const mine = shop.callbacks.filter(merchant.says(number, "TRANSACTION.SUCCESS"));
    assert.equal(new Set(mine.map(({ headers }) => headers[SIGNATURE])).size, 16);
    assert.equal(new Set(mine.map(({ body }) => JSON.parse(body.toString()).id)).size, 1);
  });

  it("issues the bill of a day at ten the next morning, with the hash of its text", async () => {
    const nowMs = (await control.now()).getTime();
    const morning = Math.ceil((nowMs + 8 * 3_600_000) / DAY_MS) * DAY_MS - 8 * 3_600_000;
    await control.advance(morning + 3_600_000 - nowMs);
    const day = new Date(morning + 12 * 3_600_000).toISOString().slice(0, 10);
    const number = await merchant.open({ description: "茶,两盒" });
    await control.wechatpay.pay(number);
    await call("post", REFUNDS, merchant.refund(number, 2_345));
    await control.advance(MINUTE_MS);
    await call("post", REFUNDS, merchant.refund(number, 10_000));
    const bill = (type: string) => call("get", `v3/bill/tradebill?bill_date=${day}${type}`);
    await assert.rejects(bill(""), refused("INVALID_REQUEST"));
    await control.advance(DAY_MS);
    await control.advance(8.5 * 3_600_000);
    await assert.rejects(bill(""), refused("STATEMENT_CREATING"));
    await control.advance(3_600_000);
    const { hash_type, hash_value, download_url } = await bill("&tar_type=GZIP");
    assert.equal(hash_type, "SHA1");
    const plain = gunzipSync(await download(download_url));
    assert.equal(createHash("sha1").update(plain).digest("hex"), hash_value);
    const { rows, summary } = Formatter.castCsvBill(plain) as {
      rows: Record<string, string>[];
      summary: Record<string, string>;
    };
    const mine = rows.filter((row) => row.商户订单号 === number);
    assert.deepEqual(
      mine.map((row) => [row.交易状态, row.订单金额, row.申请退款金额, row.手续费, row.商品名称]),
      [
        ["SUCCESS", "123.45", "0.00", "0.74", "茶,两盒"],
        ["REFUND", "0.00", "23.45", "-0.14", "茶,两盒"],
        ["REFUND", "0.00", "100.00", "-0.60", "茶,两盒"],
      ],
    );
    assert.equal(summary.总交易单数, String(rows.length));
    const flow = await call("get", `v3/bill/fundflowbill?bill_date=${day}`);
    assert.match((await download(flow.download_url)).toString(), /`收入,`123\.45/);
    await control.advance(5 * MINUTE_MS);
    await assert.rejects(download(download_url), /400/);
  });

  /** The link wants the same Authorization as every call, and its answer is not signed. */
  async function download(url: string): Promise<Buffer> {
    const { pathname, search } = new URL(url);
    const authorization = merchant.authorization("GET", pathname + search);
    const response = await fetch(url, { headers: { authorization } });
    assert.equal(response.status, 200);
    assert.equal((await fetch(url)).status, 401);
    return Buffer.from(await response.arrayBuffer());
  }

  it("serves its certificate encrypted with the APIv3 key", async () => {
    const { data } = await call("get", "v3/certificates");
    const { ciphertext, nonce, associated_data: associated } = data[0].encrypt_certificate;
    const pem = Aes.AesGcm.decrypt(ciphertext, account.apiV3Key, nonce, associated);
    const certificate = new X509Certificate(pem);
    assert.equal(certificate.serialNumber, account.certificateSerial);
    assert.ok(certificate.verify(certificate.publicKey));
  });

  it("draws the code, scans it and pays, in Chinese and English", async () => {
    const body = merchant.order();
    const { code_url } = await call("post", NATIVE, body);
    const scan = `${account.url}/scan?code=${encodeURIComponent(code_url)}`;
    const chinese = await (await fetch(scan)).text();
    assert.match(chinese, /<svg[\s\S]*¥123\.45/);
    assert.match(await (await fetch(`${scan}&lang=en`)).text(), /Scan with the simulated phone/);
    const [, path = ""] = /action="(\/pay\/[0-9a-f]+)"/.exec(chinese) ?? [];
    const paid = await fetch(account.url + path, { method: "POST" });
    assert.match(await paid.text(), /支付成功/);
    await shop.next(merchant.says(body.out_trade_no, "TRANSACTION.SUCCESS"));
  });

  describe("the Go SDK", () => {
    let judge: GoJudge;

    before(function () {
      this.timeout(BUILD_MS);
      if (!isGoInReach()) {
        console.log("      skipped: wechatpay-go needs Go, which is not installed");
        this.skip();
      }
      judge = startGoJudge(account);
    });

    after(() => judge?.stop());

    it("opens, queries, closes, refunds twice and fetches the bill", async () => {
      const body = merchant.order();
      const number = body.out_trade_no;
      assert.match((await judge.call("open", { body })).code_url, /^weixin:/);
      assert.equal((await judge.call("query", { number })).trade_state, "NOTPAY");
      await control.wechatpay.pay(number);
      assert.equal((await judge.call("query", { number })).amount.total, 12_345);
      await assert.rejects(judge.call("close", { number }), /ORDERPAID/);
      const first = merchant.refund(number, 2_345);
      assert.equal((await judge.call("refund", { body: first })).status, "PROCESSING");
      await control.advance(MINUTE_MS);
      await judge.call("refund", { body: merchant.refund(number, 10_000) });
      const refund = await judge.call("query-refund", { number: first.out_refund_no });
      assert.equal(refund.status, "SUCCESS");
      const other = await merchant.open();
      assert.equal(await judge.call("close", { number: other }), "closed");
      const day = new Date((await control.now()).getTime() + 8 * 3_600_000).toISOString();
      await control.advance(DAY_MS);
      await control.advance(DAY_MS);
      const bill = await judge.call("bill", { number: day.slice(0, 10) });
      assert.equal(bill.hash_type, "SHA1");
    });

    it("refuses an answer with a wrong signature", async () => {
      const number = await merchant.open();
      await control.wechatpay.faults({ signtest_percent: 0, wrong_signature: 1 });
      await assert.rejects(judge.call("query", { number }), /verif/i);
    });

    it("accepts 1,000 notices of both keys, and refuses 1,000 changed ones", async () => {
      const number = await merchant.open();
      await control.wechatpay.pay(number);
      await shop.next(merchant.says(number, "TRANSACTION.SUCCESS"));
      await control.wechatpay.faults({ signtest_percent: 0, public_key_percent: 50 });
      shop.callbacks.length = 0;
      for (let batch = 0; batch < 10; batch += 1) {
        await control.wechatpay.send(number, { times: 100 });
      }
      await Promise.all(
        shop.callbacks.map(async (callback, index) => {
          assert.equal((await judge.verify(callback)).out_trade_no, number);
          await assert.rejects(judge.verify(mutate(callback, SIGNATURE, index)), `case ${index}`);
        }),
      );
      assert.equal(shop.callbacks.length, 1_000);
    }).timeout(60_000);
  });
});
