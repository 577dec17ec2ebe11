import assert from "node:assert/strict";
import { PAYMENT_STATUS, type PaidNotice, type PaymentState } from "./payment.ts";
import { type Facts, judge, type RefusalCause, recording, VERDICT } from "./verdict.ts";

const payment: PaymentState = {
  paymentId: 7n,
  status: PAYMENT_STATUS.OPEN,
  amountCents: 1_234n,
  currency: "EUR",
  tradeId: "trade-7",
  refundRequestedCents: 0n,
  refundedCents: 0n,
};
const facts: Facts = { payment, tradeOwnerId: 7n, merchantId: "jetshop" };
const notice: PaidNotice = {
  state: "paid",
  noticeId: "n-1",
  merchantId: "jetshop",
  paymentId: 7n,
  tradeId: "trade-7",
  amountCents: 1_234n,
  currency: "EUR",
  payTime: new Date(0),
};
const other = { ...notice, state: "other", about: "payment.created" } as const;
const refusedFor = (cause: RefusalCause) => ({ verdict: VERDICT.REFUSED, cause });

describe("the verdict over a callback", () => {
  it("takes the money of an open payment, and of one that was given up", () => {
    assert.deepEqual(judge(notice, facts), { verdict: VERDICT.ACCEPTED, change: "succeed" });
    const closed = { ...payment, status: PAYMENT_STATUS.CLOSED };
    assert.deepEqual(judge(notice, { ...facts, payment: closed }), {
      verdict: VERDICT.LATE,
      change: "succeedLate",
    });
  });

  it("finds nothing left to do where the money is in, or back again", () => {
    for (const status of [
      PAYMENT_STATUS.SUCCEEDED,
      PAYMENT_STATUS.PARTIALLY_REFUNDED,
      PAYMENT_STATUS.REFUNDED,
    ]) {
      const judgement = judge(notice, { ...facts, payment: { ...payment, status } });
      assert.deepEqual(judgement, { verdict: VERDICT.REPEATED }, String(status));
    }
  });

  it("takes the trade id from the notice where the platform's answer is not in yet", () => {
    const early = { ...facts, payment: { ...payment, tradeId: null }, tradeOwnerId: undefined };
    assert.equal(judge(notice, early).verdict, VERDICT.ACCEPTED);
    assert.deepEqual(judge(notice, { ...early, tradeOwnerId: 8n }), refusedFor("trade"));
  });

  const wrong: [what: string, notice: Partial<PaidNotice>, cause: RefusalCause][] = [
    ["a cent more", { amountCents: 1_235n }, "amount"],
    ["a cent less", { amountCents: 1_233n }, "amount"],
    ["nothing", { amountCents: 0n }, "amount"],
    ["another currency", { currency: "USD" }, "currency"],
    ["the currency in small letters", { currency: "eur" }, "currency"],
    ["another merchant", { merchantId: "jetshop2" }, "merchant"],
    ["another trade", { tradeId: "trade-8" }, "trade"],
  ];
  for (const [what, change, cause] of wrong) {
    it(`refuses ${what}, whatever the status`, () => {
      for (const status of Object.values(PAYMENT_STATUS)) {
        const judgement = judge(
          { ...notice, ...change },
          { ...facts, payment: { ...payment, status } },
        );
        assert.deepEqual(judgement, refusedFor(cause));
      }
    });
  }

  it("refuses what it has no payment for", () => {
    const judgement = judge(notice, { ...facts, payment: undefined, tradeOwnerId: undefined });
    assert.deepEqual(judgement, refusedFor("unknown_payment"));
  });

  it("does not act on any other state, whatever the status", () => {
    for (const status of Object.values(PAYMENT_STATUS)) {
      const judgement = judge(other, { ...facts, payment: { ...payment, status } });
      assert.deepEqual(judgement, { verdict: VERDICT.IGNORED });
    }
  });
});

describe("the record of a callback", () => {
  it("keeps what moved money, for every pair of verdicts", () => {
    for (const known of Object.values(VERDICT)) {
      for (const verdict of Object.values(VERDICT)) {
        const moved = known === VERDICT.ACCEPTED || known === VERDICT.LATE;
        const expected = !moved ? "replace" : verdict === VERDICT.REFUSED ? "apart" : "count";
        assert.equal(recording(known, verdict), expected);
      }
    }
    assert.equal(recording(undefined, VERDICT.REFUSED), "insert");
  });
});
