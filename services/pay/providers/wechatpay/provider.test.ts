import assert from "node:assert/strict";
import { createCipheriv, generateKeyPairSync } from "node:crypto";
import { signText } from "../rsa.ts";
import type { Call } from "./client.ts";
import { descriptionOf } from "./messages.ts";
import { wechatpayProvider } from "./provider.ts";
import { refundOutcome } from "./refunds.ts";

const own = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const theirs = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const KEY = Buffer.alloc(32, "k");
const SERIAL = "PUB_KEY_ID_0112345678902026112700000000000001";
const NOW_MS = Date.parse("2026-11-27T10:00:00Z");

const wechatpay = wechatpayProvider({
  mchid: "1600000000",
  appid: "wx8888888888888888",
  merchantSerial: "5157F09EFDC096DE",
  privateKey: own.privateKey,
  apiV3Keys: [KEY],
  verifyKeys: new Map([[SERIAL, theirs.publicKey]]),
  url: "https://api.mch.weixin.qq.com",
  notifyUrl: "https://shop.example/pay/callback/wechatpay",
});

const paid = {
  mchid: "1600000000",
  appid: "wx8888888888888888",
  out_trade_no: "123456789012345678",
  transaction_id: "4200000000202611270000000001",
  trade_state: "SUCCESS",
  success_time: "2026-11-27T17:59:58+08:00",
  amount: { total: 5, payer_total: 3, currency: "CNY", payer_currency: "CNY" },
};
const refunded = {
  mchid: "1600000000",
  out_trade_no: "123456789012345678",
  transaction_id: "4200000000202611270000000001",
  out_refund_no: "42-2",
  refund_id: "50300000000202611270000000001",
  refund_status: "SUCCESS",
  amount: { total: 5, refund: 2, payer_total: 3, payer_refund: 1 },
};

function encrypt(text: string) {
  const cipher = createCipheriv("aes-256-gcm", KEY, "abcdefghijkl");
  cipher.setAAD(Buffer.from("transaction"));
  const bytes = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  const ciphertext = bytes.toString("base64");
  const associated = { associated_data: "transaction", nonce: "abcdefghijkl" };
  return { algorithm: "AEAD_AES_256_GCM", ciphertext, ...associated };
}

function read(content: object | string, event = "TRANSACTION.SUCCESS", outer: object = {}) {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  const notice = { id: "EV-1", event_type: event, resource: encrypt(text), ...outer };
  return readSigned(Buffer.from(JSON.stringify(notice)));
}

function readSigned(body: Buffer) {
  const timestamp = String(NOW_MS / 1_000);
  const signature = signText(`${timestamp}\nn\n${body}\n`, theirs.privateKey);
  const headers = {
    "wechatpay-serial": SERIAL,
    "wechatpay-timestamp": timestamp,
    "wechatpay-nonce": "n",
    "wechatpay-signature": signature,
  };
  return wechatpay.readCallback({ headers, body, nowMs: NOW_MS });
}

function kindOf(...args: Parameters<typeof read>): string {
  const result = read(...args);
  return result.genuine ? result.notice.kind : result.cause;
}

describe("a notice of WeChat Pay", () => {
  it("pays by its total, with coupons or without", () => {
    assert.deepEqual(read(paid), {
      genuine: true,
      notice: {
        kind: "paid",
        noticeId: "EV-1",
        event: "TRANSACTION.SUCCESS",
        paymentId: 123_456_789_012_345_678n,
        tradeId: "4200000000202611270000000001",
        amountCents: 5n,
        currency: "CNY",
        payTime: new Date("2026-11-27T09:59:58.000Z"),
      },
    });
  });

  it("keeps every digit of an amount", () => {
    const text = JSON.stringify(paid).replace('"total":5', '"total":9007199254740991');
    const result = read(text);
    assert.ok(result.genuine && result.notice.kind === "paid");
    assert.equal(result.notice.amountCents, 9_007_199_254_740_991n);
  });

  it("of a refund has its number and state, and needs no application", () => {
    const states = {
      SUCCESS: ["succeeded", undefined],
      CLOSED: ["failed", "CLOSED"],
      ABNORMAL: ["pending", "ABNORMAL"],
      PROCESSING: ["pending", "PROCESSING"],
    };
    for (const [status, [state, cause]] of Object.entries(states)) {
      const result = read({ ...refunded, refund_status: status }, `REFUND.${status}`);
      assert.ok(result.genuine && result.notice.kind === "refund", status);
      assert.deepEqual([result.notice.state, result.notice.cause], [state, cause]);
      assert.deepEqual(result.notice.refund, { refundId: 42n, attempt: 2 });
      assert.deepEqual([result.notice.amountCents, result.notice.currency], [2n, "CNY"]);
      assert.equal(result.notice.reference, "50300000000202611270000000001");
    }
    const console = read({ ...refunded, out_refund_no: "console1@7" }, "REFUND.SUCCESS");
    assert.ok(console.genuine && console.notice.kind === "refund");
    assert.deepEqual([console.notice.refund, console.notice.foreignId], [undefined, "console1@7"]);
  });

  it("is of another kind for everything else", () => {
    assert.equal(kindOf({ ...paid, trade_state: "NOTPAY" }), "other");
    assert.equal(kindOf({ ...paid, out_trade_no: "other-shop-1" }), "not_ours");
    assert.equal(kindOf({ ...refunded, out_trade_no: "x" }, "REFUND.SUCCESS"), "not_ours");
    assert.equal(kindOf({ mchid: "1600000000" }, "COMPLAINT.CREATE"), "not_ours");
    assert.equal(kindOf({ ...paid, mchid: "1600000001" }), "merchant");
    assert.equal(kindOf({ ...paid, appid: "wx8888888888888889" }), "merchant");
    assert.equal(kindOf({ ...refunded, mchid: undefined }, "REFUND.SUCCESS"), "merchant");
  });

  it("is malformed with values of another form, or not encrypted with a key of the shop", () => {
    for (const change of [
      { amount: { total: "5.0", currency: "CNY" } },
      { amount: { total: -5, currency: "CNY" } },
      { amount: { total: 5, currency: "cny" } },
      { amount: 5 },
      { amount: undefined },
      { success_time: "2026-02-30T18:00:00+08:00" },
      { success_time: "2026-11-27 18:00:00" },
      { success_time: undefined },
      { transaction_id: "" },
      { transaction_id: undefined },
      { appid: undefined },
    ]) {
      assert.equal(kindOf({ ...paid, ...change }), "malformed", JSON.stringify(change));
    }
    const change = { ...refunded, refund_status: "DONE" };
    assert.equal(kindOf(change, "REFUND.SUCCESS"), "malformed");
    for (const text of ["[]", "null", "x", ""]) assert.equal(kindOf(text), "malformed", text);
    for (const outer of [{ id: "" }, { id: ["EV-1"] }, { resource: {} }, { resource: undefined }])
      assert.equal(kindOf(paid, "TRANSACTION.SUCCESS", outer), "malformed", JSON.stringify(outer));
    for (const text of ["", "[]", "null", "{"]) {
      const result = readSigned(Buffer.from(text));
      assert.deepEqual(result, { genuine: false, cause: "malformed" }, text);
    }
  });
});

describe("a description for WeChat Pay", () => {
  it("has characters of three bytes at most, and 127 bytes", () => {
    assert.equal(descriptionOf("Order 7:\n茶 🍵 é"), "Order 7: 茶  é");
    assert.equal(descriptionOf("🍵"), "-");
    assert.equal(descriptionOf("茶".repeat(50)), "茶".repeat(42));
  });
});

describe("a refund at WeChat Pay", () => {
  const call: Call = { method: "POST", target: "/v3/refund/domestic/refunds" };
  const request = {
    refundId: 42n,
    attempt: 1,
    payment: { paymentId: 7n } as Parameters<typeof refundOutcome>[2]["payment"],
    amountCents: 2n,
    reference: null,
  };
  const answered = { out_refund_no: "42", refund_id: "5030", amount: { refund: "2" } };
  const outcome = (status: number, fields: object) =>
    refundOutcome(call, { status, fields: { ...answered, ...fields } }, request);

  it("ends with a signed answer only", () => {
    const reference = "5030";
    assert.deepEqual(outcome(200, { status: "SUCCESS" }), { state: "succeeded", reference });
    assert.deepEqual(outcome(200, { status: "PROCESSING" }), { state: "pending", reference });
    assert.equal(outcome(200, { status: "CLOSED" }).state, "failed");
    const abnormal = outcome(200, { status: "ABNORMAL" });
    assert.deepEqual(abnormal, {
      state: "person",
      cause: "ABNORMAL: refund 5030 needs an account",
      reference,
    });
    assert.throws(() => outcome(200, { status: "SOMETHING_NEW" }));
    assert.throws(() => outcome(200, { status: "SUCCESS", out_refund_no: "43" }), /another refund/);
    const other = { status: "SUCCESS", amount: { refund: "3" } };
    assert.throws(() => outcome(200, other), /another refund/);
  });

  it("keeps its number after every error", () => {
    const states = {
      NOT_ENOUGH: [403, "again"],
      USER_ACCOUNT_ABNORMAL: [403, "person"],
      RESOURCE_NOT_EXISTS: [404, "person"],
      INVALID_REQUEST: [400, "person"],
      PARAM_ERROR: [400, "person"],
      NO_AUTH: [403, "person"],
    };
    for (const [code, [status, state]] of Object.entries(states))
      assert.equal(outcome(Number(status), { code, message: "x" }).state, state, code);
    assert.throws(() => outcome(401, { code: "SIGN_ERROR" }));
    assert.throws(() => outcome(400, {}));
    assert.throws(() => outcome(302, { code: "X" }));
  });
});
