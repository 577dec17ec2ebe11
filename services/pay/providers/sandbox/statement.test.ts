import assert from "node:assert/strict";
import { readSandboxStatement } from "./statement.ts";

const payment = {
  type: "payment",
  merchant_trade_id: "7",
  trade_id: "sb7",
  amount_cents: "9007199254740991",
  currency: "EUR",
  time: "2026-11-26T23:59:59.999Z",
};
const refund = { ...payment, type: "refund", merchant_refund_id: "77-2", amount_cents: "300" };
const file = (statement: object) =>
  Buffer.from(JSON.stringify({ day: "2026-11-26", ...statement }));

describe("statement of the sandbox", () => {
  it("has payments and refunds with exact amounts", () => {
    const rows = [payment, refund];
    assert.deepEqual(
      readSandboxStatement(file({ rows, payments: 1, refunds: 1 })).map((row) => [
        row.kind,
        row.paymentNumber,
        row.tradeId,
        row.refundNumber,
        row.amountCents,
        row.time.toISOString(),
      ]),
      [
        ["payment", "7", "sb7", "", 9_007_199_254_740_991n, "2026-11-26T23:59:59.999Z"],
        ["refund", "7", "sb7", "77-2", -300n, "2026-11-26T23:59:59.999Z"],
      ],
    );
  });

  it("is refused where rows and numbers disagree, or something is missing", () => {
    for (const [statement, message] of [
      [{ rows: [payment], payments: 2, refunds: 0 }, /not complete: it says 2 as payments/],
      [{ rows: [payment], payments: 1, refunds: 1 }, /not complete: it says 1 as refunds/],
      [{ rows: [payment] }, /payments is not a whole number/],
      [{ payments: 1, refunds: 0 }, /has no rows/],
      [{ rows: [{ ...payment, amount_cents: "1.5" }], payments: 1, refunds: 0 }, /amount_cents/],
      [{ rows: [{ ...payment, type: "fee" }], payments: 0, refunds: 0 }, /neither a payment nor/],
      [{ rows: [{ ...payment, time: "noon" }], payments: 1, refunds: 0 }, /is no time/],
      [{ rows: [{ ...payment, currency: "" }], payments: 1, refunds: 0 }, /currency is missing/],
    ] as const) {
      assert.throws(() => readSandboxStatement(file(statement)), message);
    }
    assert.throws(() => readSandboxStatement(Buffer.from("{")), /not JSON/);
  });
});
