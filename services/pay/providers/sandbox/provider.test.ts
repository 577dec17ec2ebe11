import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { sandboxProvider } from "./provider.ts";

const secret = "a secret";
const nowMs = Date.parse("2026-11-23T10:00:00Z");
const timestamp = String(nowMs / 1_000);
const provider = sandboxProvider({ url: "http://127.0.0.1:9", secret, notifyUrl: "http://x" });

const paid = {
  notice_id: "n-1",
  type: "payment.succeeded",
  merchant_id: "jetshop",
  merchant_trade_id: "123456789012345678",
  trade_id: "t-1",
  amount_cents: "1234",
  currency: "EUR",
  pay_time: "2026-11-23T09:59:58.123Z",
};

/** The documented signature, computed independently. */
const sign = (text: string, at = timestamp, key = secret) =>
  createHmac("sha256", key).update(`${at}.${text}`).digest("hex");

function read(
  text: string,
  { at = timestamp, signature = sign(text, at) }: { at?: string; signature?: string } = {},
) {
  const headers = { "sandbox-timestamp": at, "sandbox-signature": signature };
  return provider.readCallback({ headers, body: Buffer.from(text), nowMs });
}

const fault = (cause: string) => ({ genuine: false, cause });

describe("a sandbox callback", () => {
  it("yields its notice if the signature is valid", () => {
    assert.deepEqual(read(JSON.stringify(paid)), {
      genuine: true,
      notice: {
        kind: "paid",
        noticeId: "n-1",
        event: "payment.succeeded",
        paymentId: 123456789012345678n,
        tradeId: "t-1",
        amountCents: 1_234n,
        currency: "EUR",
        payTime: new Date("2026-11-23T09:59:58.123Z"),
      },
    });
  });

  it("is refused with any other signature, without an exception", () => {
    const text = JSON.stringify(paid);
    const right = sign(text);
    for (const signature of [
      "",
      "00",
      "x".repeat(64),
      right.slice(1),
      `${right}0`,
      right.toUpperCase(),
      `${right.slice(0, 63)}${right.endsWith("0") ? "1" : "0"}`,
      sign(text, timestamp, "another secret"),
      sign(`${text}\n`),
      sign(text, String(Number(timestamp) - 1)),
      "none",
      "é".repeat(32),
    ]) {
      assert.deepEqual(read(text, { signature }), fault("signature"), signature);
    }
    const none = provider.readCallback({ headers: {}, body: Buffer.from(text), nowMs });
    assert.deepEqual(none, fault("signature"));
  });

  it("is refused if its bytes or its timestamp change", () => {
    const text = JSON.stringify(paid);
    for (const other of [`${text} `, `${text}\n`, JSON.stringify(paid, null, 1), ""]) {
      assert.deepEqual(read(other, { signature: sign(text) }), fault("signature"));
    }
    for (const at of ["", "-1", "1e9", `${timestamp}.0`, " 1", "9".repeat(13)]) {
      assert.deepEqual(read(text, { at, signature: sign(text, at) }), fault("signature"), at);
    }
  });

  it("is stale more than 5 minutes before or after its timestamp", () => {
    const text = JSON.stringify(paid);
    const away = (seconds: number) => read(text, { at: String(nowMs / 1_000 + seconds) });
    assert.equal(away(-300).genuine, true);
    assert.equal(away(300).genuine, true);
    assert.deepEqual(away(-301), fault("stale"));
    assert.deepEqual(away(301), fault("stale"));
  });

  it("is of another merchant if it names one", () => {
    const text = JSON.stringify({ ...paid, merchant_id: "jetshop2" });
    assert.deepEqual(read(text), fault("merchant"));
  });

  it("yields another notice for another event, which needs no amount", () => {
    const rest = { ...paid, amount_cents: undefined, currency: undefined, pay_time: undefined };
    const result = read(JSON.stringify({ ...rest, type: "payment.waiting" }));
    assert.ok(result.genuine);
    assert.equal(result.notice.kind, "other");
  });

  const about = { ...paid, pay_time: undefined, refund_id: "sr-42" };
  const refundOf = (fields: object) => {
    const result = read(JSON.stringify({ ...about, type: "refund.succeeded", ...fields }));
    return result.genuine && result.notice.kind === "refund" ? result.notice : undefined;
  };

  it("yields a refund by its number, and one that is not the shop's by the provider's", () => {
    assert.deepEqual(refundOf({ merchant_refund_id: "42" }), {
      kind: "refund",
      noticeId: "n-1",
      event: "refund.succeeded",
      paymentId: 123456789012345678n,
      tradeId: "t-1",
      refund: { refundId: 42n, attempt: 1 },
      foreignId: "sr-42",
      state: "succeeded",
      amountCents: 1_234n,
      currency: "EUR",
    });
    const second = refundOf({ merchant_refund_id: "42-2" })?.refund;
    assert.deepEqual(second, { refundId: 42n, attempt: 2 });
    for (const number of [undefined, "", "x", "42-", "42-2-2", "-1", "0", "9".repeat(20)]) {
      assert.equal(refundOf({ merchant_refund_id: number })?.refund, undefined, `${number}`);
    }
    const failed = { type: "refund.failed", merchant_refund_id: "42", cause: "returned" };
    assert.equal(refundOf(failed)?.cause, "returned");
    for (const name of ["refund_id", "amount_cents", "currency", "trade_id"]) {
      const text = JSON.stringify({ ...about, type: "refund.succeeded", [name]: undefined });
      assert.deepEqual(read(text), fault("malformed"), name);
    }
  });

  it("yields a dispute with its amount and fee", () => {
    const dispute = { ...about, type: "dispute.funds_withdrawn", dispute_id: "d-1" };
    const result = read(JSON.stringify({ ...dispute, fee_cents: "1500" }));
    assert.ok(result.genuine && result.notice.kind === "dispute");
    const { disputeId, state, amountCents, feeCents, currency } = result.notice;
    assert.deepEqual(
      [disputeId, state, amountCents, feeCents, currency],
      ["d-1", "funds_withdrawn", 1_234n, 1_500n, "EUR"],
    );
    assert.deepEqual(read(JSON.stringify(dispute)), fault("malformed"));
  });

  const malformed: [content: string, text: string][] = [
    ["a form", "a=1&b=2"],
    ["an empty body", ""],
    ["a list", "[]"],
    ["null", "null"],
    ...Object.keys(paid).map((name): [string, string] => [
      `no ${name}`,
      JSON.stringify({ ...paid, [name]: undefined }),
    ]),
    ...[1234, "12.34", "-1", "+1", "1e3", "0x10", "01", "", "9".repeat(17)].map(
      (amount): [string, string] => [
        `the amount ${JSON.stringify(amount)}`,
        JSON.stringify({ ...paid, amount_cents: amount }),
      ],
    ),
    ...["0", "-1", "x", "9223372036854775808", 7].map((id): [string, string] => [
      `the payment ${JSON.stringify(id)}`,
      JSON.stringify({ ...paid, merchant_trade_id: id }),
    ]),
    ["the currency eur", JSON.stringify({ ...paid, currency: "eur" })],
    ["a time in month 13", JSON.stringify({ ...paid, pay_time: "2026-13-01T00:00:00Z" })],
    ["a leap day in a common year", JSON.stringify({ ...paid, pay_time: "2027-02-29T00:00:00Z" })],
    ["31 April", JSON.stringify({ ...paid, pay_time: "2026-04-31T00:00:00Z" })],
    ["hour 24", JSON.stringify({ ...paid, pay_time: "2026-11-23T24:00:00Z" })],
    ["second 60", JSON.stringify({ ...paid, pay_time: "2026-12-31T23:59:60Z" })],
    ["an offset of 24 hours", JSON.stringify({ ...paid, pay_time: "2026-11-23T00:00:00+24:00" })],
    ["a time as a number", JSON.stringify({ ...paid, pay_time: 1 })],
    ["a notice id with a space", JSON.stringify({ ...paid, notice_id: "a b" })],
    ["a trade id of 65 characters", JSON.stringify({ ...paid, trade_id: "t".repeat(65) })],
  ];
  for (const [content, text] of malformed) {
    it(`is malformed with ${content}`, () => {
      assert.deepEqual(read(text), fault("malformed"));
    });
  }
});
