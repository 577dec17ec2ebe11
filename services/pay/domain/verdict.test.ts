import assert from "node:assert/strict";
import type { Notice, PaidNotice } from "./notice.ts";
import { type PaymentState, PaymentStatus } from "./payment.ts";
import { judge, type RefusalCause, storeAction, VerdictKind } from "./verdict.ts";

const payment: PaymentState = {
  paymentId: 7n,
  status: PaymentStatus.OPEN,
  amountCents: 1_234n,
  currency: "EUR",
  tradeId: "trade-7",
  refundRequestedCents: 0n,
  refundedCents: 0n,
};
const facts: Parameters<typeof judge>[1] = { payment, tradeOwnerId: 7n };
const notice: PaidNotice = {
  kind: "paid",
  noticeId: "n-1",
  event: "payment.succeeded",
  paymentId: 7n,
  tradeId: "trade-7",
  amountCents: 1_234n,
  currency: "EUR",
  payTime: new Date(0),
};
const about = { noticeId: "n-1", event: "e" };
const moved = { ...about, paymentId: 7n, tradeId: "trade-7", amountCents: 1n, currency: "EUR" };
const others: Notice[] = [
  { ...about, kind: "other", paymentId: 7n },
  { ...about, kind: "processing", paymentId: 7n },
  { ...about, kind: "failed", paymentId: 7n },
  { ...about, kind: "closed", paymentId: 7n },
  { ...moved, kind: "refund", state: "succeeded", refund: undefined, foreignId: "r-1" },
  { ...moved, kind: "dispute", state: "opened", disputeId: "d-1", feeCents: 0n },
];
const refusedFor = (cause: RefusalCause) => ({ kind: VerdictKind.REFUSED, cause });

describe("judge", () => {
  it("accepts the money for an open payment, and, as late, for a closed one", () => {
    assert.deepEqual(judge(notice, facts), { kind: VerdictKind.ACCEPTED, transition: "succeed" });
    const closed = { ...payment, status: PaymentStatus.CLOSED };
    assert.deepEqual(judge(notice, { ...facts, payment: closed }), {
      kind: VerdictKind.LATE,
      transition: "succeedLate",
    });
  });

  it("finds a repetition if the payment was paid before, refunded or not", () => {
    for (const status of [
      PaymentStatus.SUCCEEDED,
      PaymentStatus.PARTIALLY_REFUNDED,
      PaymentStatus.REFUNDED,
    ]) {
      const verdict = judge(notice, { ...facts, payment: { ...payment, status } });
      assert.deepEqual(verdict, { kind: VerdictKind.REPEATED }, String(status));
    }
  });

  it("accepts any free trade id while the payment has none", () => {
    const early = { ...facts, payment: { ...payment, tradeId: null }, tradeOwnerId: undefined };
    assert.equal(judge(notice, early).kind, VerdictKind.ACCEPTED);
    assert.deepEqual(judge(notice, { ...early, tradeOwnerId: 8n }), refusedFor("trade"));
  });

  const wrong: [what: string, changes: Partial<PaidNotice>, cause: RefusalCause][] = [
    ["a cent more", { amountCents: 1_235n }, "amount"],
    ["a cent less", { amountCents: 1_233n }, "amount"],
    ["an amount of zero", { amountCents: 0n }, "amount"],
    ["another currency", { currency: "USD" }, "currency"],
    ["the currency in lower case", { currency: "eur" }, "currency"],
    ["another trade", { tradeId: "trade-8" }, "trade"],
  ];
  for (const [what, changes, cause] of wrong) {
    it(`refuses ${what}, in every payment status`, () => {
      for (const status of Object.values(PaymentStatus)) {
        const verdict = judge(
          { ...notice, ...changes },
          { ...facts, payment: { ...payment, status } },
        );
        assert.deepEqual(verdict, refusedFor(cause));
      }
    });
  }

  it("refuses a notice about an unknown payment", () => {
    for (const one of [notice, ...others]) {
      const verdict = judge(one, { payment: undefined, tradeOwnerId: undefined });
      assert.deepEqual(verdict, refusedFor("unknown_payment"), one.kind);
    }
  });

  it("ignores what is about no payment of the shop", () => {
    const none = { payment: undefined, tradeOwnerId: undefined };
    for (const one of [
      { ...about, kind: "other" as const },
      { ...about, kind: "not_ours" as const, cause: "another shop" },
    ]) {
      assert.deepEqual(judge(one, none), { kind: VerdictKind.IGNORED });
    }
  });

  it("ignores an event that pays nothing, in every payment status", () => {
    for (const status of Object.values(PaymentStatus)) {
      for (const one of others) {
        const verdict = judge(one, { ...facts, payment: { ...payment, status } });
        assert.deepEqual(verdict, { kind: VerdictKind.IGNORED }, one.kind);
      }
    }
  });
});

describe("storeAction", () => {
  it("keeps the row of a notice that had an effect, for every pair of verdicts", () => {
    for (const known of Object.values(VerdictKind)) {
      for (const verdict of Object.values(VerdictKind)) {
        const { ACCEPTED, LATE, RECORDED } = VerdictKind;
        const moved = ([ACCEPTED, LATE, RECORDED] as VerdictKind[]).includes(known);
        const expected = !moved
          ? "replace"
          : verdict === VerdictKind.REFUSED
            ? "separate"
            : "count";
        assert.equal(storeAction(known, verdict), expected);
      }
    }
    assert.equal(storeAction(undefined, VerdictKind.REFUSED), "insert");
  });
});
