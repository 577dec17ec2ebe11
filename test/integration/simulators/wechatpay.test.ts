import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { Aes, Formatter } from "wechatpay-axios-plugin";
import {
  NATIVE,
  QUIET,
  REFUNDS,
  refused,
  useWechatpay,
  wechatpayClient,
} from "./wechatpay-shop.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

describe("the WeChat Pay simulator, judged by the Node plugin", () => {
  const at = useWechatpay();

  it("opens, is paid, refunded twice, asked and closed through the Node plugin", async () => {
    const body = at.merchant.order();
    const { code_url } = await at.call("post", NATIVE, body);
    assert.match(code_url, /^weixin:\/\/wxpay\/bizpayurl\?pr=/);
    assert.equal((await at.call("post", NATIVE, body)).code_url, code_url);
    const number = body.out_trade_no;
    assert.equal((await at.call("get", at.merchant.queryPath(number))).trade_state, "NOTPAY");
    await at.control.wechatpay.pay(number);
    const { content } = at.merchant.verify(
      await at.shop.next(at.merchant.says(number, "TRANSACTION.SUCCESS")),
    );
    assert.deepEqual(content.amount, {
      total: 12_345,
      payer_total: 12_345,
      currency: "CNY",
      payer_currency: "CNY",
    });
    assert.equal((await at.call("get", at.merchant.queryPath(number))).trade_state, "SUCCESS");
    await assert.rejects(at.merchant.close(number));

    const first = at.merchant.refund(number, 2_345);
    assert.equal((await at.call("post", REFUNDS, first)).status, "PROCESSING");
    assert.equal((await at.call("post", REFUNDS, first)).status, "PROCESSING");
    await assert.rejects(
      at.call("post", REFUNDS, at.merchant.refund(number, 1)),
      refused("FREQUENCY_LIMITED"),
    );
    await at.control.advance(MINUTE_MS);
    const notice = at.merchant.verify(
      await at.shop.next(at.merchant.says(number, "REFUND.SUCCESS")),
    );
    assert.equal(notice.content.refund_status, "SUCCESS");
    assert.equal(notice.content.appid, undefined);
    await at.call("post", REFUNDS, at.merchant.refund(number, 10_000));
    await at.control.advance(MINUTE_MS);
    assert.equal((await at.call("get", `${REFUNDS}/${first.out_refund_no}`)).status, "SUCCESS");
    assert.equal((await at.call("get", at.merchant.queryPath(number))).trade_state, "REFUND");
    await assert.rejects(
      at.call("post", REFUNDS, at.merchant.refund(number, 1)),
      refused("INVALID_REQUEST"),
    );

    const other = await at.merchant.open();
    await at.merchant.close(other);
    assert.equal((await at.call("get", at.merchant.queryPath(other))).trade_state, "CLOSED");
    assert.equal((await at.control.wechatpay.pay(other)).state, "closed");
  });

  it("ends a refund as the fault demands: CLOSED, or ABNORMAL until another card takes it", async () => {
    const number = await at.merchant.open();
    await at.control.wechatpay.pay(number);
    await at.control.wechatpay.faults({ ...QUIET, refund: "closed" });
    const closed = at.merchant.refund(number, 345);
    await at.call("post", REFUNDS, closed);
    await at.control.advance(MINUTE_MS);
    await at.shop.next(at.merchant.says(number, "REFUND.CLOSED"));
    await at.control.wechatpay.faults({ ...QUIET, refund: "abnormal" });
    const body = at.merchant.refund(number, 12_345);
    const { refund_id: id } = await at.call("post", REFUNDS, body);
    await at.control.advance(MINUTE_MS);
    await at.shop.next(at.merchant.says(number, "REFUND.ABNORMAL"));
    await at.call("post", `${REFUNDS}/${id}/apply-abnormal-refund`, {
      out_refund_no: body.out_refund_no,
      type: "MERCHANT_BANK_CARD",
    });
    await at.control.advance(MINUTE_MS);
    await at.shop.next(at.merchant.says(number, "REFUND.SUCCESS"));
    await at.control.wechatpay.faults({ ...QUIET, refund: "not_enough" });
    const another = await at.merchant.open();
    await at.control.wechatpay.pay(another);
    await assert.rejects(
      at.call("post", REFUNDS, at.merchant.refund(another, 1)),
      refused("NOT_ENOUGH"),
    );
  });

  it("refuses what WeChat Pay refuses", async () => {
    const number = await at.merchant.open();
    const paid = await at.merchant.open();
    await at.control.wechatpay.pay(paid);
    const again = (changes: object) =>
      at.call("post", NATIVE, at.merchant.order({ out_trade_no: number, ...changes }));
    const soon = new Date((await at.control.now()).getTime() + 30_000).toISOString();
    const cases: [() => Promise<unknown>, string][] = [
      [() => again({ amount: { total: 1, currency: "CNY" } }), "OUT_TRADE_NO_USED"],
      [() => again({ out_trade_no: paid }), "OUT_TRADE_NO_USED"],
      [() => again({ time_expire: "2099-01-01T00:00:00+08:00" }), "INVALID_REQUEST"],
      [() => at.call("post", NATIVE, at.merchant.order({ colour: "red" })), "PARAM_ERROR"],
      [() => at.call("post", NATIVE, at.merchant.order({ out_trade_no: "12345" })), "PARAM_ERROR"],
      [
        () => at.call("post", NATIVE, at.merchant.order({ out_trade_no: "x".repeat(33) })),
        "PARAM_ERROR",
      ],
      [
        () => at.call("post", NATIVE, at.merchant.order({ description: "茶".repeat(128) })),
        "PARAM_ERROR",
      ],
      [
        () =>
          at.call("post", NATIVE, at.merchant.order({ time_expire: soon.replace(/\.\d+/, "") })),
        "PARAM_ERROR",
      ],
      [
        () => at.call("post", NATIVE, at.merchant.order({ notify_url: `${at.shop.url}/x?y=1` })),
        "PARAM_ERROR",
      ],
      [
        () => at.call("post", NATIVE, at.merchant.order({ notify_url: "https://example.com/" })),
        "PARAM_ERROR",
      ],
      [() => at.call("post", NATIVE, at.merchant.order({ amount: { total: 0 } })), "PARAM_ERROR"],
      [() => at.call("post", NATIVE, at.merchant.order({ appid: "wx0" })), "APPID_MCHID_NOT_MATCH"],
      [() => at.call("post", NATIVE, at.merchant.order({ mchid: "1600000000" })), "MCH_NOT_EXISTS"],
      [
        () =>
          wechatpayClient({ ...at.account, merchantSerial: "00" })(
            "post",
            NATIVE,
            at.merchant.order(),
          ),
        "SIGN_ERROR",
      ],
      [
        () =>
          wechatpayClient({ ...at.account, mchid: "1600000000" })(
            "post",
            NATIVE,
            at.merchant.order(),
          ),
        "SIGN_ERROR",
      ],
      [() => at.call("get", at.merchant.queryPath("unknown1")), "ORDER_NOT_EXIST"],
      [() => at.call("post", REFUNDS, at.merchant.refund("unknown1", 1)), "RESOURCE_NOT_EXISTS"],
      [() => at.call("post", REFUNDS, at.merchant.refund(number, 1)), "INVALID_REQUEST"],
      [
        () =>
          at.call("post", REFUNDS, {
            ...at.merchant.refund(paid, 1),
            amount: { refund: 1, total: 2, currency: "CNY" },
          }),
        "INVALID_REQUEST",
      ],
      [() => at.call("get", `${REFUNDS}/unknown`), "RESOURCE_NOT_EXISTS"],
      [() => at.call("get", "v3/bill/tradebill?bill_date=2020-01-01"), "INVALID_REQUEST"],
    ];
    for (const [index, [attempt, code]] of cases.entries()) {
      await assert.rejects(attempt(), refused(code, `case ${index}`));
    }
  });

  it("refuses a clock that is more than five minutes off", async () => {
    const path = `/${at.merchant.queryPath(await at.merchant.open())}`;
    const statusAt = async (seconds: number) => {
      const authorization = at.merchant.authorization("GET", path, seconds);
      return (await fetch(at.account.url + path, { headers: { authorization } })).status;
    };
    assert.deepEqual(
      await Promise.all([statusAt(-295), statusAt(295), statusAt(-305), statusAt(305)]),
      [200, 200, 401, 401],
    );
  });

  it("pays less than the total with a coupon", async () => {
    await at.control.wechatpay.faults({ ...QUIET, coupon: 345 });
    const number = await at.merchant.open();
    await at.control.wechatpay.pay(number);
    const { amount } = await at.call("get", at.merchant.queryPath(number));
    assert.deepEqual([amount.total, amount.payer_total], [12_345, 12_000]);
  });

  it("lets the shopper pay while the shop closes, and refuses to pay after time_expire", async () => {
    const number = await at.merchant.open();
    await at.control.wechatpay.faults({ ...QUIET, pay_during_close: 1 });
    const close = at.merchant.close(number);
    await assert.rejects(close, refused("ORDERPAID"));
    assert.equal((await at.call("get", at.merchant.queryPath(number))).trade_state, "SUCCESS");
    const expires = new Date((await at.control.now()).getTime() + 2 * MINUTE_MS);
    const timed = await at.merchant.open({
      time_expire: expires.toISOString().replace(/\.\d+/, ""),
    });
    await at.control.advance(2 * MINUTE_MS);
    assert.equal((await at.control.wechatpay.pay(timed)).state, "open");
    assert.equal((await at.call("get", at.merchant.queryPath(timed))).trade_state, "NOTPAY");
    await at.control.advance(7 * DAY_MS);
    assert.equal((await at.call("get", at.merchant.queryPath(timed))).trade_state, "CLOSED");
  });

  it("issues the bill of a day at ten the next morning, with the hash of its text", async () => {
    const nowMs = (await at.control.now()).getTime();
    const morning = Math.ceil((nowMs + 8 * 3_600_000) / DAY_MS) * DAY_MS - 8 * 3_600_000;
    await at.control.advance(morning + 3_600_000 - nowMs);
    const day = new Date(morning + 12 * 3_600_000).toISOString().slice(0, 10);
    const number = await at.merchant.open({ description: "茶,两盒" });
    await at.control.wechatpay.pay(number);
    await at.call("post", REFUNDS, at.merchant.refund(number, 2_345));
    await at.control.advance(MINUTE_MS);
    await at.call("post", REFUNDS, at.merchant.refund(number, 10_000));
    const bill = (type: string) => at.call("get", `v3/bill/tradebill?bill_date=${day}${type}`);
    await assert.rejects(bill(""), refused("INVALID_REQUEST"));
    await at.control.advance(DAY_MS);
    await at.control.advance(8.5 * 3_600_000);
    await assert.rejects(bill(""), refused("STATEMENT_CREATING"));
    await at.control.advance(3_600_000);
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
    const flow = await at.call("get", `v3/bill/fundflowbill?bill_date=${day}`);
    assert.match((await download(flow.download_url)).toString(), /`收入,`123\.45/);
    await at.control.advance(5 * MINUTE_MS);
    await assert.rejects(download(download_url), /400/);
  });

  /** The link wants the same Authorization as every call, and its answer is not signed. */
  async function download(url: string): Promise<Buffer> {
    const { pathname, search } = new URL(url);
    const authorization = at.merchant.authorization("GET", pathname + search);
    const response = await fetch(url, { headers: { authorization } });
    assert.equal(response.status, 200);
    assert.equal((await fetch(url)).status, 401);
    return Buffer.from(await response.arrayBuffer());
  }

  it("serves its certificate encrypted with the APIv3 key", async () => {
    const { data } = await at.call("get", "v3/certificates");
    const { ciphertext, nonce, associated_data: associated } = data[0].encrypt_certificate;
    const pem = Aes.AesGcm.decrypt(ciphertext, at.account.apiV3Key, nonce, associated);
    const certificate = new X509Certificate(pem);
    assert.equal(certificate.serialNumber, at.account.certificateSerial);
    assert.ok(certificate.verify(certificate.publicKey));
  });

  it("draws the code, scans it and pays, in Chinese and English", async () => {
    const body = at.merchant.order();
    const { code_url } = await at.call("post", NATIVE, body);
    const scan = `${at.account.url}/scan?code=${encodeURIComponent(code_url)}`;
    const chinese = await (await fetch(scan)).text();
    assert.match(chinese, /<svg[\s\S]*¥123\.45/);
    assert.match(await (await fetch(`${scan}&lang=en`)).text(), /Scan with the simulated phone/);
    const [, path = ""] = /action="(\/pay\/[0-9a-f]+)"/.exec(chinese) ?? [];
    const paid = await fetch(at.account.url + path, { method: "POST" });
    assert.match(await paid.text(), /支付成功/);
    await at.shop.next(at.merchant.says(body.out_trade_no, "TRANSACTION.SUCCESS"));
  });
});
