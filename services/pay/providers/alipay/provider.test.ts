import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import type { Notice } from "../../domain/notice.ts";
import { MAX_CHECKOUT_URL } from "../../limits.ts";
import type { Opening, RefundRequest } from "../provider.ts";
import { signText } from "../rsa.ts";
import { formOf } from "./form.ts";
import { fenOf, subjectOf, yuan } from "./messages.ts";
import { alipayProvider } from "./provider.ts";
import { queriedRefund, refundOutcome } from "./refunds.ts";
import { type Params, signedText } from "./signature.ts";

const own = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const theirs = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const alipay = alipayProvider({
  appId: "2021004100000001",
  sellerId: "2088102146225135",
  privateKey: own.privateKey,
  alipayKeys: [theirs.publicKey],
  url: "https://openapi.alipay.com/gateway.do",
  checkout: "redirect",
  notifyUrl: "https://shop.example/pay/callback/alipay",
});

const opening: Opening = {
  paymentId: 123_456_789_012_345_678n,
  orderId: 7n,
  amountCents: 5n,
  currency: "CNY",
  tradeId: null,
  references: {},
  createTime: new Date("2026-03-08T18:29:59.999Z"),
  expireTime: new Date("2026-03-08T18:59:59.999Z"),
  returnUrl: "https://shop.example/thanks?order=7",
  description: "Order 7",
};

async function linkOf(changes: Partial<Opening> = {}): Promise<string> {
  const { action } = await alipay.open({ ...opening, ...changes });
  assert.ok(action.kind === "redirect");
  return action.url;
}

describe("a link to Alipay's page", () => {
  for (const zone of ["UTC", "Asia/Shanghai", "America/New_York"]) {
    it(`has the times of Beijing in ${zone}`, async () => {
      const before = process.env.TZ;
      process.env.TZ = zone;
      try {
        const params = new URL(await linkOf()).searchParams;
        assert.equal(params.get("timestamp"), "2026-03-09 02:29:59");
        assert.deepEqual(JSON.parse(params.get("biz_content") ?? ""), {
          out_trade_no: "123456789012345678",
          total_amount: "0.05",
          subject: "Order 7",
          time_expire: "2026-03-09 02:59:59",
          product_code: "FAST_INSTANT_TRADE_PAY",
        });
      } finally {
        if (before === undefined) delete process.env.TZ;
        else process.env.TZ = before;
      }
    });
  }

  it("fits into its column with the longest texts that the shop accepts", async () => {
    const start = "https://shop.example/?";
    const returnUrl = start + "%E8".repeat((1_000 - start.length) / 3);
    const url = await linkOf({ returnUrl, description: "茶".repeat(1_000) });
    assert.ok(url.length <= MAX_CHECKOUT_URL, String(url.length));
  });

  it("has a subject without what Alipay refuses", () => {
    assert.equal(subjectOf(' a/b=c&d\n"e" 🍵 '), 'a b c d "e" 🍵');
    assert.equal(subjectOf("/"), "-");
    assert.equal([...subjectOf("🍵".repeat(100))].length, 64);
  });
});

describe("amounts of Alipay", () => {
  it("are yuan with two places, and fen in the shop", () => {
    const pairs: [bigint, string][] = [
      [1n, "0.01"],
      [10n, "0.10"],
      [12_345n, "123.45"],
      [9_007_199_254_740_991n, "90071992547409.91"],
    ];
    for (const [fen, text] of pairs) assert.equal(yuan(fen), text);
    assert.deepEqual(["0.01", "0.1", "7", "0", "0.00", "123.45", "9999999999999.99"].map(fenOf), [
      1n,
      10n,
      700n,
      0n,
      0n,
      12_345n,
      999_999_999_999_999n,
    ]);
    for (const text of ["", ".5", "5.", "1.234", "-1.00", "+1", "01.00", "1e3", "1,00", " 1", 1])
      assert.equal(fenOf(text), undefined, String(text));
  });
});

const paid: Params = {
  notify_id: "2026112700222141714026431019971405",
  notify_type: "trade_status_sync",
  notify_time: "2026-11-27 18:00:05",
  charset: "utf-8",
  version: "1.0",
  sign_type: "RSA2",
  app_id: "2021004100000001",
  auth_app_id: "2021004100000001",
  seller_id: "2088102146225135",
  out_trade_no: "123456789012345678",
  trade_no: "2026112722001426431037869358",
  trade_status: "TRADE_SUCCESS",
  total_amount: "0.05",
  receipt_amount: "0.03",
  buyer_pay_amount: "0.03",
  refund_fee: "0.00",
  subject: "Order 7 & <more>",
  gmt_create: "2026-11-27 17:59:00",
  gmt_payment: "2026-11-27 18:00:00",
  fund_bill_list: '[{"amount":"0.03","fundChannel":"ALIPAYACCOUNT"}]',
  body: "",
};

function read(changes: Record<string, string | undefined> = {}) {
  const entries = Object.entries({ ...paid, ...changes }).filter(
    ([, value]) => value !== undefined,
  );
  const params = Object.fromEntries(entries) as Params;
  const sign = signText(signedText(params, ["sign", "sign_type"]), theirs.privateKey);
  const body = Buffer.from(formOf({ ...params, sign }));
  return alipay.readCallback({ headers: {}, body, nowMs: Date.now() });
}

function noticeIn(changes: Record<string, string | undefined> = {}): Notice {
  const result = read(changes);
  assert.ok(result.genuine, "cause" in result ? result.cause : "");
  return result.notice;
}

describe("a notice of Alipay", () => {
  const about = {
    noticeId: "2026112700222141714026431019971405",
    paymentId: 123_456_789_012_345_678n,
  };

  it("pays by its total, with coupons or without", () => {
    assert.deepEqual(noticeIn(), {
      ...about,
      kind: "paid",
      event: "TRADE_SUCCESS",
      tradeId: "2026112722001426431037869358",
      amountCents: 5n,
      currency: "CNY",
      payTime: new Date("2026-11-27T10:00:00.000Z"),
    });
  });

  it("of a refund has the sum of all refunds, and pays nothing", () => {
    const refund = { refund_fee: "0.02", gmt_refund: "2026-11-27 19:00:00.123" };
    for (const status of ["TRADE_SUCCESS", "TRADE_CLOSED"]) {
      assert.deepEqual(noticeIn({ ...refund, trade_status: status, out_biz_no: "42" }), {
        ...about,
        kind: "refund",
        event: status,
        tradeId: "2026112722001426431037869358",
        refund: { refundId: 42n, attempt: 1 },
        foreignId: undefined,
        state: "succeeded",
        amountCents: undefined,
        refundedCents: 2n,
        currency: "CNY",
      });
    }
    const console = noticeIn({ ...refund, out_biz_no: "HJ42" });
    assert.ok(console.kind === "refund");
    assert.deepEqual(
      [console.refund, console.foreignId],
      [undefined, "2026112722001426431037869358/HJ42"],
    );
    for (const one of [{ gmt_refund: "2026-11-27 19:00:00" }, { refund_fee: "0.01" }])
      assert.equal(noticeIn(one).kind, "refund", JSON.stringify(one));
  });

  it("is of another kind for every other state", () => {
    assert.equal(noticeIn({ trade_status: "TRADE_CLOSED" }).kind, "closed");
    assert.equal(noticeIn({ trade_status: "WAIT_BUYER_PAY" }).kind, "other");
    assert.equal(noticeIn({ trade_status: "TRADE_FINISHED" }).kind, "other");
    const refunded = { refund_fee: "0.02", gmt_refund: "2026-11-27 19:00:00" };
    assert.equal(noticeIn({ ...refunded, trade_status: "TRADE_FINISHED" }).kind, "other");
  });

  it("is not the shop's about another number or something else than a trade", () => {
    for (const number of ["A-7", "0", "", "9223372036854775808", undefined])
      assert.equal(noticeIn({ out_trade_no: number }).kind, "not_ours", String(number));
    assert.equal(noticeIn({ notify_type: "servicemarket_order_notify" }).kind, "not_ours");
  });

  it("is of another merchant with another application or seller", () => {
    for (const change of [{ app_id: "2021004100000002" }, { seller_id: "2088102146225136" }])
      assert.deepEqual(read(change), { genuine: false, cause: "merchant" });
    for (const name of ["app_id", "seller_id"])
      assert.deepEqual(read({ [name]: undefined }), { genuine: false, cause: "merchant" }, name);
  });

  it("is malformed with values of another form", () => {
    for (const change of [
      { total_amount: "0.050" },
      { total_amount: undefined },
      { gmt_payment: "2026-02-30 18:00:00" },
      { gmt_payment: undefined },
      { trade_no: "" },
      { trade_no: "t".repeat(65) },
      { notify_id: "" },
      { notify_id: "a b" },
      { refund_fee: "-1.00" },
    ]) {
      assert.deepEqual(
        read(change),
        { genuine: false, cause: "malformed" },
        JSON.stringify(change),
      );
    }
    const twice = Buffer.from("total_amount=1&total_amount=2&sign=x");
    const result = alipay.readCallback({ headers: {}, body: twice, nowMs: 0 });
    assert.deepEqual(result, { genuine: false, cause: "malformed" });
  });
});

describe("a refund at Alipay", () => {
  const request: RefundRequest = {
    refundId: 42n,
    attempt: 1,
    payment: opening,
    amountCents: 2n,
    reference: null,
  };
  const stateOf = (subCode: string) =>
    refundOutcome({ code: "40004", sub_code: subCode, sub_msg: "x" }).state;

  it("is done only if the funds changed", () => {
    assert.equal(refundOutcome({ code: "10000", fund_change: "Y" }).state, "succeeded");
    for (const fund_change of ["N", undefined, "y"])
      assert.equal(refundOutcome({ code: "10000", fund_change }).state, "pending");
  });

  it("never gets a new number, and waits for a person where waiting alone does not help", () => {
    for (const code of [
      "SYSTEM_ERROR",
      "SELLER_BALANCE_NOT_ENOUGH",
      "REFUND_CHARGE_ERROR",
      "REFUND_ACCOUNT_NOT_EXIST",
    ]) {
      assert.equal(stateOf(`ACQ.${code}`), "again", code);
    }
    for (const code of [
      "DISCORDANT_REPEAT_REQUEST",
      "TRADE_HAS_FINISHED",
      "BUYER_NOT_EXIST",
      "CUSTOMER_VALIDATE_ERROR",
      "ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND",
      "NOT_ALLOW_PARTIAL_REFUND",
      "REASON_TRADE_BEEN_FREEZEN",
      "TRADE_NOT_ALLOW_REFUND",
      "BUYER_ERROR",
      "USER_NOT_MATCH_ERR",
      "ENTERPRISE_PAY_BIZ_ERROR",
      "INVALID_PARAMETER",
      "REFUND_AMT_NOT_EQUAL_TOTAL",
      "REASON_TRADE_REFUND_FEE_ERR",
      "TRADE_NOT_EXIST",
      "TRADE_HAS_CLOSE",
      "SOMETHING_NEW",
    ]) {
      assert.equal(stateOf(`ACQ.${code}`), "person", code);
    }
    const outcome = refundOutcome({ code: "40004", sub_code: "ACQ.BUYER_ERROR", sub_msg: "x\ny" });
    assert.deepEqual(outcome, { state: "person", cause: "ACQ.BUYER_ERROR x y" });
  });

  it("is proved by a query that names its number and its amount", () => {
    const method = "alipay.trade.fastpay.refund.query";
    const proof = { code: "10000", refund_status: "REFUND_SUCCESS", out_request_no: "42" };
    const query = (fields: object) =>
      queriedRefund({ ...proof, refund_amount: "0.02", ...fields }, { request, method });
    assert.deepEqual(query({}), { state: "succeeded" });
    assert.deepEqual(query({ refund_status: undefined }), { state: "unknown" });
    assert.deepEqual(query({ refund_status: "" }), { state: "unknown" });
    assert.equal(query({ refund_amount: "0.03" }).state, "person");
    assert.equal(query({ code: "40004", sub_code: "ACQ.TRADE_NOT_EXIST" }).state, "person");
    assert.throws(() => query({ out_request_no: "43" }), /another refund/);
    assert.throws(() => query({ refund_status: "REFUND_PROCESSING" }));
    assert.throws(() => query({ code: "40004", sub_code: "ACQ.SYSTEM_ERROR" }));
  });
});
