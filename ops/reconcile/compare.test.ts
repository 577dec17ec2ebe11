import assert from "node:assert/strict";
import type { StatementRow } from "../../services/pay/providers/statement.ts";
import { compare, type OurRows } from "./compare.ts";
import type { OurDispute } from "./compare-disputes.ts";
import type { OurRefund } from "./compare-refunds.ts";
import type { OurPayment } from "./difference.ts";

const bounds = { from: new Date("2026-11-26T00:00:00Z"), to: new Date("2026-11-27T00:00:00Z") };
const noon = new Date("2026-11-26T12:00:00Z");

const payment = (changes: Partial<OurPayment> = {}): OurPayment => ({
  paymentId: 7n,
  orderId: 1n,
  tradeId: "T7",
  amountCents: 1_000n,
  currency: "EUR",
  isPaid: true,
  payTime: noon,
  ...changes,
});
const refund = (changes: Partial<OurRefund> = {}): OurRefund => ({
  refundId: 77n,
  paymentId: 7n,
  amountCents: 300n,
  currency: "EUR",
  attempt: 1,
  reference: "re_77",
  isDone: true,
  createTime: noon,
  doneTime: noon,
  ...changes,
});
const dispute = (changes: Partial<OurDispute> = {}): OurDispute => ({
  disputeId: "dp_7",
  paymentId: 7n,
  currency: "EUR",
  withdrawn: { amountCents: 1_000n, time: noon },
  reinstated: null,
  ...changes,
});
const row = (changes: Partial<StatementRow> = {}): StatementRow => ({
  place: "line 6",
  kind: "payment",
  state: "done",
  paymentNumber: "7",
  tradeId: "T7",
  refundNumber: "",
  reference: "",
  amountCents: 1_000n,
  currency: "EUR",
  feeCents: 6n,
  feeCurrency: "EUR",
  time: noon,
  ...changes,
});
const refundRow = (changes: Partial<StatementRow> = {}) =>
  row({ kind: "refund", refundNumber: "77", amountCents: -300n, place: "line 7", ...changes });
const disputeRow = (changes: Partial<StatementRow> = {}) =>
  row({ kind: "dispute", reference: "dp_7", amountCents: -1_000n, place: "line 8", ...changes });

const ours = (changes: Partial<OurRows> = {}): OurRows => ({
  payments: [payment()],
  refunds: [],
  disputes: [],
  ...changes,
});
/** Differences as "kind item", and what cannot be decided. */
const found = (statement: StatementRow[], rows: OurRows) => {
  const { differences, undecided } = compare(statement, rows, bounds);
  return [...differences.map(({ kind, item }) => `${kind} ${item}`), ...undecided];
};

describe("comparison of a statement", () => {
  it("finds nothing where both sides are the same", () => {
    const rows = ours({ refunds: [refund()], disputes: [dispute()] });
    assert.deepEqual(found([row(), refundRow(), disputeRow()], rows), []);
    // As Stripe's, which has none of the shop's numbers of payments.
    const stripe = [
      row({ paymentNumber: "" }),
      refundRow({ paymentNumber: "", refundNumber: "", reference: "re_77" }),
    ];
    assert.deepEqual(found(stripe, ours({ refunds: [refund()] })), []);
    assert.deepEqual(found([], ours({ payments: [] })), []);
  });

  it("names a payment that only one side has", () => {
    const unknown = row({ paymentNumber: "8", tradeId: "T8" });
    assert.deepEqual(found([row(), unknown], ours()), ["payment_only_there payment 8"]);
    assert.deepEqual(found([row()], ours({ payments: [payment({ isPaid: false })] })), [
      "payment_only_there payment 7",
    ]);
    assert.deepEqual(found([], ours()), ["payment_only_here payment 7"]);
    const { differences } = compare([], ours(), bounds);
    assert.equal(
      differences[0]?.says,
      "of 10.00 EUR was paid at 2026-11-26T12:00:00Z here, but not there",
    );
  });

  it("names a payment with another amount, currency, number or trade, and one that comes twice", () => {
    for (const [changes, says] of [
      [{ amountCents: 1_001n }, "is 10.01 EUR there and 10.00 EUR here"],
      [{ amountCents: 999n }, "is 9.99 EUR there and 10.00 EUR here"],
      [{ currency: "JPY" }, "is 1000 JPY there and 10.00 EUR here"],
      [{ tradeId: "T8" }, "is trade T8 there and T7 here"],
      [{ paymentNumber: "8" }, "has the number 8 there"],
    ] as const) {
      const { differences } = compare([row(changes)], ours(), bounds);
      assert.deepEqual(differences, [{ kind: "payment_differs", item: "payment 7", says }]);
    }
    assert.deepEqual(found([row(), row({ place: "line 9" })], ours()), [
      "payment_repeated payment 7",
    ]);
  });

  it("counts a payment on the day on which the provider says that it was paid", () => {
    const first = ours({ payments: [payment({ payTime: bounds.from })] });
    const last = ours({ payments: [payment({ payTime: new Date(bounds.to.getTime() - 1) })] });
    const before = ours({ payments: [payment({ payTime: new Date(bounds.from.getTime() - 1) })] });
    const after = ours({ payments: [payment({ payTime: bounds.to })] });
    assert.deepEqual(found([], first), ["payment_only_here payment 7"]);
    assert.deepEqual(found([], last), ["payment_only_here payment 7"]);
    assert.deepEqual(found([], before), []);
    assert.deepEqual(found([], after), []);
    assert.deepEqual(found([row()], after), []);
  });

  it("names a refund that only one side has, or that the shop did not make", () => {
    const done = ours({ refunds: [refund()] });
    assert.deepEqual(found([row()], done), ["refund_only_here refund 77"]);
    const open = ours({ refunds: [refund({ isDone: false, doneTime: null })] });
    assert.deepEqual(found([row(), refundRow()], open), ["refund_only_there refund 77"]);
    for (const refundNumber of ["", "console1", "78", "77-x", "077"]) {
      const console = refundRow({ refundNumber, reference: "50300" });
      assert.deepEqual(found([row(), console], ours()), [
        `refund_not_ours refund ${refundNumber || "50300"}`,
      ]);
    }
  });

  it("keeps refunds of others apart that have one number in two trades", () => {
    const payments = [payment(), payment({ paymentId: 8n, tradeId: "T8" })];
    const other = { paymentNumber: "8", tradeId: "T8" };
    const number = { refundNumber: "HJ42" };
    const rows = [row(), row(other), refundRow(number), refundRow({ ...number, ...other })];
    const named = "refund_not_ours refund HJ42";
    assert.deepEqual(found(rows, ours({ payments })), [named, named]);
  });

  it("names a refund with another amount, currency or payment, and one that comes twice", () => {
    const done = ours({ payments: [payment(), payment({ paymentId: 8n, tradeId: "T8" })] });
    const rows = { ...done, refunds: [refund()] };
    const both = [row(), row({ paymentNumber: "8", tradeId: "T8" })];
    for (const changes of [
      { amountCents: -301n },
      { currency: "USD" },
      { paymentNumber: "8", tradeId: "T8" },
    ]) {
      assert.deepEqual(found([...both, refundRow(changes)], rows), ["refund_differs refund 77"]);
    }
    assert.deepEqual(found([...both, refundRow(), refundRow({ place: "line 9" })], rows), [
      "refund_repeated refund 77",
    ]);
  });

  it("accepts a refund on its way, and names one that is closed there and carried out here", () => {
    const open = ours({ refunds: [refund({ isDone: false, doneTime: null })] });
    const done = ours({ refunds: [refund()] });
    assert.deepEqual(found([row(), refundRow({ state: "pending" })], open), []);
    assert.deepEqual(found([row(), refundRow({ state: "pending" })], done), []);
    assert.deepEqual(found([row(), refundRow({ state: "void" })], open), []);
    assert.deepEqual(found([row(), refundRow({ state: "void" })], done), [
      "refund_only_here refund 77",
    ]);
  });

  it("names an attempt that was carried out after the shop gave it up: money may go back twice", () => {
    const second = ours({ refunds: [refund({ attempt: 2 })] });
    assert.deepEqual(found([row(), refundRow({ refundNumber: "77-2" })], second), []);
    const both = [row(), refundRow(), refundRow({ refundNumber: "77-2" })];
    assert.deepEqual(found(both, second), ["refund_only_there refund 77"]);
    const closed = [row(), refundRow({ state: "void" }), refundRow({ refundNumber: "77-2" })];
    assert.deepEqual(found(closed, second), []);
  });

  it("follows a refund that came back", () => {
    const failure = refundRow({ kind: "refund_failure", amountCents: 300n, place: "line 8" });
    const open = ours({ refunds: [refund({ isDone: false, doneTime: null, attempt: 2 })] });
    assert.deepEqual(found([row(), refundRow(), failure], open), []);
    assert.deepEqual(found([row(), refundRow(), failure], ours({ refunds: [refund()] })), [
      "refund_only_here refund 77",
    ]);
    const less = { ...failure, amountCents: 299n };
    assert.deepEqual(found([row(), refundRow(), less], open), ["refund_differs refund 77"]);
    const returned = refundRow({ state: "returned" });
    assert.deepEqual(found([row(), returned], open), []);
    assert.deepEqual(found([row(), returned, failure], open), []);
    for (const more of [[], [failure]]) {
      assert.deepEqual(found([row(), returned, ...more], ours({ refunds: [refund()] })), [
        "refund_only_here refund 77",
      ]);
    }
    const again = [row(), refundRow(), failure, refundRow({ refundNumber: "77-2" })];
    assert.deepEqual(found(again, ours({ refunds: [refund({ attempt: 2 })] })), []);
  });

  it("leaves open a refund that may be in the statement of another day", () => {
    const night = refund({
      createTime: new Date("2026-11-26T23:00:00Z"),
      doneTime: new Date("2026-11-28T10:00:00Z"),
    });
    const [says, ...more] = found([row()], ours({ refunds: [night] }));
    assert.match(says ?? "", /^refund 77, requested .* may be in the statement of another day$/);
    assert.deepEqual(more, []);
    assert.deepEqual(found([row(), refundRow()], ours({ refunds: [night] })), []);
    const close = refund({ createTime: bounds.from, doneTime: bounds.from });
    assert.equal(found([row()], ours({ refunds: [close] })).length, 1);
    const other = new Date("2026-11-28T10:00:00Z");
    const later = refund({ createTime: other, doneTime: other });
    assert.deepEqual(found([row()], ours({ refunds: [later] })), []);
  });

  it("names a dispute that only one side has, that differs or that comes twice", () => {
    const rows = ours({ disputes: [dispute()] });
    assert.deepEqual(found([row()], rows), ["dispute_only_here dispute dp_7"]);
    assert.deepEqual(found([row(), disputeRow()], ours()), ["dispute_only_there dispute dp_7"]);
    assert.deepEqual(found([row(), disputeRow({ amountCents: -999n })], rows), [
      "dispute_differs dispute dp_7",
    ]);
    assert.deepEqual(found([row(), disputeRow(), disputeRow()], rows), [
      "dispute_differs dispute dp_7",
    ]);
    const back = disputeRow({ kind: "dispute_reversal", amountCents: 1_000n });
    assert.deepEqual(found([row(), disputeRow(), back], rows), ["dispute_only_there dispute dp_7"]);
    const won = ours({ disputes: [dispute({ reinstated: { amountCents: 1_000n, time: noon } })] });
    assert.deepEqual(found([row(), disputeRow(), back], won), []);
    assert.deepEqual(found([row(), disputeRow()], won), ["dispute_only_here dispute dp_7"]);
  });
});
