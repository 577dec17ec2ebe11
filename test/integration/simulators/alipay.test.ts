import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { AlipaySdk } from "alipay-sdk";
import { unzipSync } from "fflate";
import iconv from "iconv-lite";
import type { Accounts, SimulatorsControl } from "../../../simulators/providers/client.ts";
import {
  type Callback,
  type Shop,
  type Simulators,
  startShop,
  startSimulators,
  until,
} from "./simulators.ts";

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe("the Alipay simulator, judged by Alipay's SDK", () => {
  let simulators: Simulators;
  let control: SimulatorsControl;
  let shop: Shop;
  let account: Accounts["alipay"];
  let alipay: AlipaySdk;

  before(async () => {
    shop = await startShop({ status: 200, body: "success" });
    simulators = await startSimulators({ SHOP_SIMULATORS_SCHEDULE_PERCENT: "10" });
    ({ control } = simulators);
    account = simulators.accounts.alipay;
    alipay = client();
  });

  after(async () => {
    await simulators?.stop();
    await shop?.stop();
  });

  afterEach(async () => {
    await control.alipay.faults();
    shop.answer = () => ({ status: 200, body: "success" });
    shop.callbacks.length = 0;
  });

  function client(changes: { appId?: string; privateKey?: string; alipayPublicKey?: string } = {}) {
    return new AlipaySdk({
      appId: account.appId,
      privateKey: account.merchantPrivateKey,
      alipayPublicKey: account.alipayPublicKeys[0] as string,
      keyType: "PKCS8",
      gateway: `${account.url}/gateway.do`,
      ...changes,
    });
  }

  const newNumber = () => randomUUID().replaceAll("-", "");

  /** Every answer is verified. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at the answer as it is.
  async function call(method: string, bizContent: object, sdk = alipay): Promise<any> {
    const notifyUrl = `${shop.url}/alipay`;
    return sdk.exec(`alipay.${method}`, { bizContent, notifyUrl }, { validateSign: true });
  }

  function link(number: string, changes: object = {}): string {
    return alipay.pageExecute("alipay.trade.page.pay", "GET", {
      bizContent: {
        out_trade_no: number,
        product_code: "FAST_INSTANT_TRADE_PAY",
        total_amount: "123.45",
        subject: '订单 7: 茶 × 2, 100% + "新" 🍵',
        ...changes,
      },
      notify_url: `${shop.url}/alipay`,
      return_url: "http://127.0.0.1:9/thanks?order=7",
    });
  }

  /** Opens a payment as a shopper's browser does, without logging in. */
  async function visit(changes: object = {}): Promise<string> {
    const number = newNumber();
    const response = await fetch(link(number, changes), { redirect: "manual" });
    assert.equal(response.status, 302);
    return number;
  }

  async function pay(changes: object = {}): Promise<string> {
    const number = await visit(changes);
    await control.alipay.pay(number);
    return number;
  }

  const paramsOf = ({ body }: Pick<Callback, "body">): Record<string, string> =>
    Object.fromEntries(new URLSearchParams(body.toString()));
  const says = (number: string, status: string) => (callback: Callback) => {
    const { out_trade_no: about, trade_status } = paramsOf(callback);
    return about === number && trade_status === status;
  };
  const status = async (number: string) =>
    (await call("trade.query", { out_trade_no: number })).tradeStatus;

  it("has no trade before the login, then is paid, refunded twice, asked and finished", async () => {
    const number = await visit();
    for (const method of ["query", "close"]) {
      const { code, subCode } = await call(`trade.${method}`, { out_trade_no: number });
      assert.deepEqual([code, subCode], ["40004", "ACQ.TRADE_NOT_EXIST"]);
    }
    await control.alipay.begin(number);
    assert.equal(await status(number), "WAIT_BUYER_PAY");
    await control.alipay.pay(number);
    const notice = paramsOf(await shop.next(says(number, "TRADE_SUCCESS")));
    assert.ok(alipay.checkNotifySignV2(notice));
    assert.deepEqual(
      [notice.total_amount, notice.seller_id, notice.app_id, notice.refund_fee],
      ["123.45", account.sellerId, account.appId, undefined],
    );
    assert.equal(notice.subject, '订单 7: 茶 × 2, 100% + "新" 🍵');

    const refund = { out_trade_no: number, refund_amount: "23.45", out_request_no: "r1" };
    const first = await call("trade.refund", refund);
    assert.deepEqual([first.fundChange, first.refundFee], ["Y", "23.45"]);
    const again = await call("trade.refund", refund);
    assert.deepEqual([again.code, again.fundChange], ["10000", "N"]);
    const other = await call("trade.refund", { ...refund, refund_amount: "1.00" });
    assert.equal(other.subCode, "ACQ.DISCORDANT_REPEAT_REQUEST");
    const part = paramsOf(await shop.next((one) => paramsOf(one).out_biz_no === "r1"));
    assert.deepEqual([part.trade_status, part.refund_fee], ["TRADE_SUCCESS", "23.45"]);
    const rest = { out_trade_no: number, refund_amount: 100, out_request_no: "r2" };
    assert.equal((await call("trade.refund", rest)).subCode, "ACQ.SYSTEM_ERROR");
    await control.advance(3 * SECOND_MS);
    assert.equal((await call("trade.refund", rest)).refundFee, "123.45");
    const full = paramsOf(await shop.next(says(number, "TRADE_CLOSED")));
    assert.deepEqual([full.refund_fee, full.out_biz_no], ["123.45", "r2"]);
    assert.ok(alipay.checkNotifySignV2(full));
    const query = { out_trade_no: number, out_request_no: "r1" };
    const proof = await call("trade.fastpay.refund.query", query);
    assert.deepEqual([proof.refundStatus, proof.refundAmount], ["REFUND_SUCCESS", "23.45"]);
    const none = await call("trade.fastpay.refund.query", { ...query, out_request_no: "r3" });
    assert.deepEqual([none.code, none.refundStatus], ["10000", undefined]);
    assert.equal(await status(number), "TRADE_CLOSED");

    const kept = await pay();
    await control.alipay.command("finish", { number: kept });
    await shop.next(says(kept, "TRADE_FINISHED"));
    const late = await call("trade.refund", { out_trade_no: kept, refund_amount: "123.45" });
    assert.equal(late.subCode, "ACQ.TRADE_HAS_FINISHED");
  });

  it("closes only what waits for the shopper, who may pay at that moment", async () => {
    const [open, late] = await Promise.all([visit(), visit()]);
    for (const number of [open, late]) await control.alipay.begin(number);
    assert.equal((await call("trade.close", { out_trade_no: open })).code, "10000");
    assert.equal((await control.alipay.pay(open)).state, "closed");
    await control.alipay.faults({ pay_during_close: 1 });
    const { subCode } = await call("trade.close", { out_trade_no: late });
    assert.equal(subCode, "ACQ.TRADE_STATUS_ERROR");
    assert.equal(await status(late), "TRADE_SUCCESS");
  });

  it("stops the payment at time_expire, of a link and of a code", async () => {
    const nowMs = (await control.now()).getTime();
    const expires = new Date(nowMs + 8 * HOUR_MS + 600_000)
      .toISOString()
      .slice(0, 19)
      .replace("T", " ");
    const [begun, unbegun] = await Promise.all([
      visit({ time_expire: expires }),
      visit({ time_expire: expires }),
    ]);
    await control.alipay.begin(begun);
    const coded = newNumber();
    const { qrCode } = await call("trade.precreate", {
      out_trade_no: coded,
      total_amount: "0.01",
      subject: "茶",
    });
    assert.match(qrCode, /^https:\/\/qr\.alipay\.com\//);
    await control.alipay.begin(coded);
    await control.advance(600_000);
    assert.equal(await status(begun), "TRADE_CLOSED");
    assert.equal(
      (await call("trade.query", { out_trade_no: unbegun })).subCode,
      "ACQ.TRADE_NOT_EXIST",
    );
    assert.notEqual((await control.alipay.pay(unbegun)).state, "paid");
    await control.advance(2 * HOUR_MS);
    await shop.next(says(coded, "TRADE_CLOSED"));
    assert.ok(!shop.callbacks.some(says(begun, "TRADE_CLOSED")));
  });

  it("accepts a refund without money, makes it later, and shows one of the console", async () => {
    const number = await pay();
    const refund = { out_trade_no: number, refund_amount: "23.45", out_request_no: "r1" };
    await control.alipay.faults({ refund: "not_enough" });
    assert.equal((await call("trade.refund", refund)).subCode, "ACQ.SELLER_BALANCE_NOT_ENOUGH");
    await control.alipay.faults({ refund_delay_ms: 60_000 });
    assert.equal((await call("trade.refund", refund)).fundChange, "N");
    const query = { out_trade_no: number, out_request_no: "r1" };
    const before = await call("trade.fastpay.refund.query", query);
    assert.equal(before.refundStatus, undefined);
    await control.advance(60_000);
    await shop.next((one) => paramsOf(one).out_biz_no === "r1");
    await control.alipay.faults();
    await control.alipay.refund(number, 10_000n);
    const console = paramsOf(await shop.next(says(number, "TRADE_CLOSED")));
    assert.equal(console.out_biz_no, "console2");
  });

  it("refuses what Alipay refuses", async () => {
    const number = await pay();
    const refund = (changes: object) => call("trade.refund", { out_trade_no: number, ...changes });
    const cases: [() => Promise<{ code: string; subCode: string }>, string][] = [
      [() => call("trade.query", {}), "ACQ.INVALID_PARAMETER"],
      [() => call("trade.query", { out_trade_no: number, colour: "red" }), "ACQ.INVALID_PARAMETER"],
      [() => call("trade.query", { out_trade_no: "with-dash" }), "ACQ.INVALID_PARAMETER"],
      [
        () => call("trade.precreate", { out_trade_no: "a", total_amount: "1.234", subject: "x" }),
        "ACQ.INVALID_PARAMETER",
      ],
      [
        () => call("trade.precreate", { out_trade_no: "a", total_amount: "0.00", subject: "x" }),
        "ACQ.INVALID_PARAMETER",
      ],
      [
        () => call("trade.precreate", { out_trade_no: number, total_amount: "1.00", subject: "x" }),
        "ACQ.CONTEXT_INCONSISTENT",
      ],
      [() => refund({ refund_amount: "1.00" }), "ACQ.INVALID_PARAMETER"],
      [
        () => refund({ refund_amount: "200.00", out_request_no: "r" }),
        "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
      ],
      [() => call("trade.cancel", { out_trade_no: number }), "isv.invalid-method"],
      [
        () => call("trade.query", { out_trade_no: number }, client({ appId: "2021000000000000" })),
        "isv.invalid-app-id",
      ],
    ];
    for (const [index, [attempt, subCode]] of cases.entries()) {
      assert.equal((await attempt()).subCode, subCode, `case ${index}`);
    }
    const page = await (await fetch(`${link(newNumber())}&subject=x`)).text();
    assert.match(page, /isv\.invalid-subject/);
    const wrong = link(newNumber()).replace("123.45", "123.46");
    assert.match(await (await fetch(wrong)).text(), /isv\.invalid-signature/);
  });

  it("answers errors of the gateway, unsigned ones and wrong signatures as faults demand", async () => {
    const number = await pay();
    const query = () => call("trade.query", { out_trade_no: number });
    await control.alipay.faults({ rate_limit: 1, error: 1 });
    assert.equal((await query()).code, "40005");
    assert.equal((await query()).code, "20000");
    await control.alipay.faults({ wrong_signature: 1 });
    await assert.rejects(query(), /验签失败/);
    await control.alipay.faults({ unsigned_errors: true, error: 1 });
    const answer = await fetch(`${account.url}/gateway.do?method=alipay.trade.query`);
    assert.match(await answer.text(), /^\{"error_response":\{[^}]*\}\}$/);
    await control.alipay.faults({ lose_answers: 2 });
    await assert.rejects(query());
  });

  it("sends notices that the SDK accepts, and 1,000 of them changed that it refuses", async () => {
    const number = await pay();
    await shop.next(says(number, "TRADE_SUCCESS"));
    shop.callbacks.length = 0;
    for (let batch = 0; batch < 10; batch += 1) {
      await control.alipay.send(number, { times: 100 });
    }
    assert.equal(shop.callbacks.length, 1_000);
    for (const [index, callback] of shop.callbacks.entries()) {
      const params = paramsOf(callback);
      assert.ok(alipay.checkNotifySignV2(params));
      assert.ok(!alipay.checkNotifySignV2(changed(params, index)), `case ${index}`);
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
    await shop.next(says(number, "TRADE_SUCCESS"));
    for (const kind of ["unsigned", "wrong_signature", "other_body"] as const) {
      shop.callbacks.length = 0;
      await control.alipay.send(number, { kind });
      assert.ok(!alipay.checkNotifySignV2(paramsOf(shop.callbacks[0] as Callback)), kind);
    }
    for (const kind of ["amount", "merchant", "trade", "payment", "state"] as const) {
      shop.callbacks.length = 0;
      await control.alipay.send(number, { kind });
      assert.ok(alipay.checkNotifySignV2(paramsOf(shop.callbacks[0] as Callback)), kind);
    }
  });

  it("repeats a notice seven times in 25 hours until the answer is exactly success", async () => {
    shop.answer = () => ({ status: 200, body: "success\n" });
    const number = await pay();
    const pausesS = [240, 600, 600, 3_600, 7_200, 21_600, 54_000];
    const attempts = async (count: number) =>
      until(async () => {
        const { notices } = await control.state();
        return notices.find((one) => one.trade === number && one.attempts === count);
      }, `attempt ${count}`);
    for (const [index, seconds] of pausesS.entries()) {
      await attempts(index + 1);
      await control.advance(seconds * 100);
    }
    assert.equal((await attempts(8)).state, "given_up");
    const ids = shop.callbacks.map((callback) => paramsOf(callback).notify_id);
    assert.deepEqual([ids.length, new Set(ids).size], [8, 1]);
  });

  it("issues the bill of a day at nine the next morning, as a zip of GBK files", async () => {
    const nowMs = (await control.now()).getTime();
    const morning = Math.ceil((nowMs + 8 * HOUR_MS) / DAY_MS) * DAY_MS - 8 * HOUR_MS;
    await control.advance(morning + HOUR_MS - nowMs);
    const day = new Date(morning + 12 * HOUR_MS).toISOString().slice(0, 10);
    const number = await pay();
    await call("trade.refund", {
      out_trade_no: number,
      refund_amount: "23.45",
      out_request_no: "r1",
      refund_reason: "退货",
    });
    const bill = (type: string) =>
      call("data.dataservice.bill.downloadurl.query", { bill_type: type, bill_date: day });
    assert.equal((await bill("trade")).subCode, "isp.bill_not_exist");
    await control.advance(DAY_MS);
    await control.advance(8 * HOUR_MS);
    const { billDownloadUrl } = await bill("trade");
    const files = await unzipped(billDownloadUrl);
    const stem = `${account.sellerId}0156_${day.replaceAll("-", "")}`;
    const details = `${stem}_业务明细.csv`;
    assert.deepEqual(Object.keys(files).sort(), [`${stem}_业务明细(汇总).csv`, details].sort());
    const text = files[details] as string;
    assert.match(text, /^#支付宝业务明细查询\r\n#账号：\[2088/);
    assert.match(text, /#交易合计：1笔，商家实收共123\.45元/);
    assert.match(text, /#退款合计：1笔，商家实收退款共-23\.45元/);
    assert.deepEqual(
      text
        .split("\r\n")
        .filter((line) => line !== "" && !line.startsWith("#"))
        .slice(1)
        .map((line) => line.split(",").map((cell) => cell.trim()))
        .map((cells) => [cells[1], cells[2], ...cells.slice(-14, -13), ...cells.slice(-4)]),
      [
        [number, "交易", "123.45", "", "-0.74", "0.00", ""],
        [number, "退款", "-23.45", "r1", "0.14", "0.00", "退货"],
      ],
    );
    const flows = await unzipped((await bill("signcustomer")).billDownloadUrl);
    assert.match(String(Object.values(flows)[0]), /,123\.45,0\.00,/);
    await control.advance(30 * SECOND_MS);
    assert.equal((await fetch(billDownloadUrl)).status, 404);
  });

  /** The files of a zip whose names and contents are GBK. */
  async function unzipped(url: string): Promise<Record<string, string>> {
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
    const entries = Object.entries(unzipSync(bytes)).map(([name, content]) => [
      iconv.decode(Buffer.from(name, "latin1"), "gbk"),
      iconv.decode(Buffer.from(content), "gbk"),
    ]);
    return Object.fromEntries(entries);
  }

  it("leads through scan or login and payment back to the shop, in Chinese and English", async () => {
    const number = newNumber();
    const page = await fetch(link(number));
    assert.match(await page.text(), /支付宝收银台[\s\S]*<svg/);
    assert.match(await (await fetch(`${page.url}?lang=en`)).text(), /Alipay cashier/);
    const step = (name: string) =>
      fetch(page.url, {
        method: "POST",
        redirect: "manual",
        body: new URLSearchParams({ step: name }),
      });
    assert.match(await (await step("begin")).text(), /确认付款/);
    const back = new URL(String((await step("pay")).headers.get("location")));
    assert.deepEqual([back.pathname, back.searchParams.get("order")], ["/thanks", "7"]);
    assert.ok(alipay.checkNotifySignV2(Object.fromEntries(back.searchParams)));
    await shop.next(says(number, "TRADE_SUCCESS"));
  });

  it("signs with a new key after a rotation, and with the old one by share", async () => {
    const number = await pay();
    await shop.next(says(number, "TRADE_SUCCESS"));
    const { publicKey } = await control.alipay.command("rotate-key");
    const renewed = client({ alipayPublicKey: String(publicKey) });
    await control.alipay.faults({ public_key_percent: 50 });
    shop.callbacks.length = 0;
    await control.alipay.send(number, { times: 100 });
    const accepted = (sdk: AlipaySdk) =>
      shop.callbacks.filter((callback) => sdk.checkNotifySignV2(paramsOf(callback))).length;
    const [old, fresh] = [accepted(alipay), accepted(renewed)];
    assert.equal(old + fresh, 100);
    assert.ok(old > 20 && fresh > 20, `${old} and ${fresh}`);
    await control.alipay.faults();
    alipay = renewed;
    assert.equal(await status(number), "TRADE_SUCCESS");
  });
});
