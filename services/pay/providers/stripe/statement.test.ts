import assert from "node:assert/strict";
import { readStripeStatement } from "./statement.ts";

const created = 1795737599; // 2026-11-26T23:59:59Z
const charge = {
  object: "charge",
  id: "ch_1",
  amount: 1234,
  currency: "eur",
  payment_intent: "pi_1",
  metadata: { jetshop_payment: "7" },
};
const row = (changes: object = {}) => ({
  object: "balance_transaction",
  id: "txn_1",
  amount: 1234,
  fee: 66,
  currency: "eur",
  created,
  reporting_category: "charge",
  source: charge,
  ...changes,
});
const list = (...data: object[]) =>
  Buffer.from(JSON.stringify({ object: "list", has_more: false, data }));
const read = (...data: object[]) => readStripeStatement(list(...data));

describe("statement of Stripe", () => {
  it("has a payment by the numbers of the shop and of its PaymentIntent, with its fee", () => {
    assert.deepEqual(read(row()), [
      {
        place: "txn_1",
        kind: "payment",
        state: "done",
        paymentNumber: "7",
        tradeId: "pi_1",
        refundNumber: "",
        reference: "",
        amountCents: 1234n,
        currency: "EUR",
        feeCents: 66n,
        feeCurrency: "EUR",
        time: new Date("2026-11-26T23:59:59Z"),
      },
    ]);
  });

  it("has refunds, disputes, fees and payouts by their reporting category", () => {
    const refund = {
      object: "refund",
      id: "re_1",
      amount: 34,
      currency: "eur",
      payment_intent: { id: "pi_1" },
      metadata: { jetshop_refund: "77-2" },
    };
    const dispute = { id: "dp_1", amount: 1234, currency: "eur", payment_intent: "pi_1" };
    const rows = read(
      row({ reporting_category: "refund", amount: -34, fee: 0, source: refund }),
      row({ reporting_category: "refund_failure", amount: 34, fee: 0, source: refund }),
      row({ reporting_category: "dispute", amount: -1234, fee: 1500, source: dispute }),
      row({ reporting_category: "dispute_reversal", amount: 1234, fee: -1500, source: dispute }),
      row({ reporting_category: "fee", amount: -200, fee: 0, source: null }),
      row({ reporting_category: "payout", amount: -900, fee: 0, source: "po_1" }),
    );
    assert.deepEqual(
      rows.map((one) => [one.kind, one.tradeId, one.refundNumber, one.reference, one.amountCents]),
      [
        ["refund", "pi_1", "77-2", "re_1", -34n],
        ["refund_failure", "pi_1", "77-2", "re_1", 34n],
        ["dispute", "pi_1", "", "dp_1", -1234n],
        ["dispute_reversal", "pi_1", "", "dp_1", 1234n],
        ["fee", "", "", "", -200n],
        ["other", "", "", "", -900n],
      ],
    );
    assert.deepEqual(
      rows.map(({ feeCents }) => feeCents),
      [0n, 0n, 1500n, -1500n, 0n, 0n],
    );
  });

  it("says what became of a refund", () => {
    for (const [status, expected] of [
      ["succeeded", "done"],
      ["pending", "pending"],
      ["requires_action", "pending"],
      ["failed", "returned"],
      ["canceled", "returned"],
    ] as const) {
      const source = { ...charge, id: "re_1", status };
      const [refund] = read(row({ reporting_category: "refund", amount: -1234, source }));
      assert.equal(refund?.state, expected, status);
    }
    const [payment] = read(row({ source: { ...charge, status: "pending" } }));
    assert.equal(payment?.state, "done");
  });

  it("has amounts in minor units of ISO 4217, which are not Stripe's for every currency", () => {
    for (const [currency, amount, expected] of [
      ["jpy", 5000, 5000n],
      ["kwd", 5120, 5120n],
      ["isk", 150000, 1500n],
      ["ugx", 150000, 1500n],
      ["mga", 7, 700n],
      ["usd", 9007199254740991, 9007199254740991n],
    ] as const) {
      const source = { ...charge, amount, currency };
      const [one] = read(row({ amount, currency, fee: 0, source }));
      assert.deepEqual([one?.amountCents, one?.currency], [expected, currency.toUpperCase()]);
    }
  });

  it("has the amount in the payment's currency where the account settles in another", () => {
    const source = { ...charge, amount: 2000, currency: "jpy" };
    const [paid] = read(row({ source }));
    assert.deepEqual([paid?.amountCents, paid?.currency], [2000n, "JPY"]);
    assert.deepEqual([paid?.feeCents, paid?.feeCurrency], [66n, "EUR"]);
    const [back] = read(
      row({ reporting_category: "refund", amount: -1234, source: { ...source, id: "re_1" } }),
    );
    assert.equal(back?.amountCents, -2000n);
  });

  it("is refused unless it is complete, expanded and exact", () => {
    for (const [file, message] of [
      [list(row()).subarray(0, 200), /not JSON/],
      [Buffer.from("[]"), /not a list/],
      [Buffer.from("null"), /not a JSON object/],
      [Buffer.from('{"object":"list","has_more":true,"data":[]}'), /not complete/],
      [Buffer.from('{"object":"list","data":[]}'), /not complete/],
      [list(row({ source: "ch_1" })), /txn_1 has no source; export .* expand/],
      [list(row({ amount: 12.5 })), /txn_1: amount is not an integer/],
      [list(row({ amount: 2 ** 53 })), /not an integer that is exact/],
      [list(row({ fee: "66" })), /txn_1: fee is not an integer/],
      [
        list(row({ currency: "isk", source: { ...charge, currency: "isk" } })),
        /no amount in "ISK"/,
      ],
      [list(row({ currency: "xxx" })), /no amount in "XXX"/],
      [list({ object: "charge" }), /row 1 is not a balance transaction/],
    ] as const) {
      assert.throws(() => readStripeStatement(file), message);
    }
  });
});
