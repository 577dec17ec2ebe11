import assert from "node:assert/strict";
import { unzipSync } from "fflate";
import iconv from "iconv-lite";
import { newNumber, paramsOf, SUBJECT, says, useAlipay } from "./alipay-shop.ts";

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe("the Alipay simulator, judged by Alipay's SDK", () => {
  const at = useAlipay();
  const { client, call, link, visit, pay, status } = at;

  it("has no trade before the login, then is paid, refunded twice, asked and finished", async () => {
    const number = await visit();
    for (const method of ["query", "close"]) {
      const { code, subCode } = await call(`trade.${method}`, { out_trade_no: number });
      assert.deepEqual([code, subCode], ["40004", "ACQ.TRADE_NOT_EXIST"]);
    }
    await at.control.alipay.begin(number);
    assert.equal(await status(number), "WAIT_BUYER_PAY");
    await at.control.alipay.pay(number);
    const notice = paramsOf(await at.shop.next(says(number, "TRADE_SUCCESS")));
    assert.ok(at.alipay.checkNotifySignV2(notice));
    assert.deepEqual(
      [notice.total_amount, notice.seller_id, notice.app_id, notice.refund_fee],
      ["123.45", at.account.sellerId, at.account.appId, undefined],
    );
    assert.equal(notice.subject, SUBJECT);

    const refund = { out_trade_no: number, refund_amount: "23.45", out_request_no: "r1" };
    const first = await call("trade.refund", refund);
    assert.deepEqual([first.fundChange, first.refundFee], ["Y", "23.45"]);
    const again = await call("trade.refund", refund);
    assert.deepEqual([again.code, again.fundChange], ["10000", "N"]);
    const other = await call("trade.refund", { ...refund, refund_amount: "1.00" });
    assert.equal(other.subCode, "ACQ.DISCORDANT_REPEAT_REQUEST");
    const part = paramsOf(await at.shop.next((one) => paramsOf(one).out_biz_no === "r1"));
    assert.deepEqual([part.trade_status, part.refund_fee], ["TRADE_SUCCESS", "23.45"]);
    const rest = { out_trade_no: number, refund_amount: 100, out_request_no: "r2" };
    assert.equal((await call("trade.refund", rest)).subCode, "ACQ.SYSTEM_ERROR");
    await at.control.advance(3 * SECOND_MS);
    assert.equal((await call("trade.refund", rest)).refundFee, "123.45");
    const full = paramsOf(await at.shop.next(says(number, "TRADE_CLOSED")));
    assert.deepEqual([full.refund_fee, full.out_biz_no], ["123.45", "r2"]);
    assert.ok(at.alipay.checkNotifySignV2(full));
    const query = { out_trade_no: number, out_request_no: "r1" };
    const proof = await call("trade.fastpay.refund.query", query);
    assert.deepEqual([proof.refundStatus, proof.refundAmount], ["REFUND_SUCCESS", "23.45"]);
    const none = await call("trade.fastpay.refund.query", { ...query, out_request_no: "r3" });
    assert.deepEqual([none.code, none.refundStatus], ["10000", undefined]);
    assert.equal(await status(number), "TRADE_CLOSED");

    const kept = await pay();
    await at.control.alipay.command("finish", { number: kept });
    await at.shop.next(says(kept, "TRADE_FINISHED"));
    const late = await call("trade.refund", { out_trade_no: kept, refund_amount: "123.45" });
    assert.equal(late.subCode, "ACQ.TRADE_HAS_FINISHED");
  });

  it("closes only what waits for the shopper, who may pay at that moment", async () => {
    const [open, late] = await Promise.all([visit(), visit()]);
    for (const number of [open, late]) await at.control.alipay.begin(number);
    assert.equal((await call("trade.close", { out_trade_no: open })).code, "10000");
    assert.equal((await at.control.alipay.pay(open)).state, "closed");
    await at.control.alipay.faults({ pay_during_close: 1 });
    const { subCode } = await call("trade.close", { out_trade_no: late });
    assert.equal(subCode, "ACQ.TRADE_STATUS_ERROR");
    assert.equal(await status(late), "TRADE_SUCCESS");
  });

  it("stops the payment at time_expire, of a link and of a code", async () => {
    const nowMs = (await at.control.now()).getTime();
    const expires = new Date(nowMs + 8 * HOUR_MS + 600_000)
      .toISOString()
      .slice(0, 19)
      .replace("T", " ");
    const [begun, unbegun] = await Promise.all([
      visit({ time_expire: expires }),
      visit({ time_expire: expires }),
    ]);
    await at.control.alipay.begin(begun);
    const coded = newNumber();
    const { qrCode } = await call("trade.precreate", {
      out_trade_no: coded,
      total_amount: "0.01",
      subject: "茶",
    });
    assert.match(qrCode, /^https:\/\/qr\.alipay\.com\//);
    await at.control.alipay.begin(coded);
    await at.control.advance(600_000);
    assert.equal(await status(begun), "TRADE_CLOSED");
    assert.equal(
      (await call("trade.query", { out_trade_no: unbegun })).subCode,
      "ACQ.TRADE_NOT_EXIST",
    );
    assert.notEqual((await at.control.alipay.pay(unbegun)).state, "paid");
    await at.control.advance(2 * HOUR_MS);
    await at.shop.next(says(coded, "TRADE_CLOSED"));
    assert.ok(!at.shop.callbacks.some(says(begun, "TRADE_CLOSED")));
  });

  it("takes a coupon off what the buyer pays, and nothing off the total", async () => {
    const number = await visit();
    await at.control.alipay.pay(number, { coupon: 345 });
    const notice = paramsOf(await at.shop.next(says(number, "TRADE_SUCCESS")));
    assert.deepEqual([notice.total_amount, notice.buyer_pay_amount], ["123.45", "120.00"]);
  });

  it("accepts a refund without money, makes it later, and shows one of the console", async () => {
    const number = await pay();
    const refund = { out_trade_no: number, refund_amount: "23.45", out_request_no: "r1" };
    await at.control.alipay.faults({ refund: "not_enough" });
    assert.equal((await call("trade.refund", refund)).subCode, "ACQ.SELLER_BALANCE_NOT_ENOUGH");
    await at.control.alipay.faults({ refund_delay_ms: 60_000 });
    assert.equal((await call("trade.refund", refund)).fundChange, "N");
    const query = { out_trade_no: number, out_request_no: "r1" };
    const before = await call("trade.fastpay.refund.query", query);
    assert.equal(before.refundStatus, undefined);
    await at.control.advance(60_000);
    await at.shop.next((one) => paramsOf(one).out_biz_no === "r1");
    await at.control.alipay.faults();
    await at.control.alipay.refund(number, 10_000n);
    const console = paramsOf(await at.shop.next(says(number, "TRADE_CLOSED")));
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
    await at.control.alipay.faults({ rate_limit: 1, error: 1 });
    assert.equal((await query()).code, "40005");
    assert.equal((await query()).code, "20000");
    await at.control.alipay.faults({ wrong_signature: 1 });
    await assert.rejects(query(), /验签失败/);
    await at.control.alipay.faults({ unsigned_errors: true, error: 1 });
    const answer = await fetch(`${at.account.url}/gateway.do?method=at.alipay.trade.query`);
    assert.match(await answer.text(), /^\{"error_response":\{[^}]*\}\}$/);
    await at.control.alipay.faults({ lose_answers: 2 });
    await assert.rejects(query());
  });

  it("issues the bill of a day at nine the next morning, as a zip of GBK files", async () => {
    const nowMs = (await at.control.now()).getTime();
    const morning = Math.ceil((nowMs + 8 * HOUR_MS) / DAY_MS) * DAY_MS - 8 * HOUR_MS;
    await at.control.advance(morning + HOUR_MS - nowMs);
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
    await at.control.advance(DAY_MS);
    await at.control.advance(8 * HOUR_MS);
    const { billDownloadUrl } = await bill("trade");
    const files = await unzipped(billDownloadUrl);
    const stem = `${at.account.sellerId}0156_${day.replaceAll("-", "")}`;
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
    await at.control.advance(30 * SECOND_MS);
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
    assert.ok(at.alipay.checkNotifySignV2(Object.fromEntries(back.searchParams)));
    await at.shop.next(says(number, "TRADE_SUCCESS"));
  });
});
