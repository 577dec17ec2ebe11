import assert from "node:assert/strict";
import { Outage, Refusal } from "#platform/values/refusal.ts";
import type { Contestant } from "./contestant.ts";
import { newOpening, noticeIn, open, openPaid, paidNotice, refundRequest } from "./payments.ts";
import { startSimulated } from "./simulated.ts";
import { describeProvider } from "./suite.ts";

const start = () =>
  startSimulated({
    face: "stripe",
    currency: "EUR",
    signedBy: ["stripe-signature"],
    success: { status: 200, body: "" },
  });

describeProvider("stripe", start);

describe("payments at Stripe", function () {
  this.timeout(60_000);
  let at: Contestant;
  before(async () => {
    at = await start();
  });
  after(() => at?.stop());
  afterEach(() => at.faults());

  for (const [text, currency, amountCents] of [
    ["500 yen", "JPY", 500n],
    ["5.120 dinars", "KWD", 5_120n],
    ["1,500 kronas", "ISK", 1_500n],
  ] as const) {
    it(`are paid and refunded in ${currency}: ${text}`, async () => {
      const { payment } = await openPaid(at, newOpening(at, { currency, amountCents }));
      const queried = await at.provider.query(payment);
      assert.ok(queried.state === "paid");
      assert.deepEqual([queried.amountCents, queried.currency], [amountCents, currency]);
      const outcome = await at.provider.refund(refundRequest(payment, amountCents));
      assert.equal(outcome.state, "succeeded");
    });
  }

  it("are refused in amounts that Stripe does not take", async () => {
    for (const [currency, amountCents] of [
      ["EUR", 49n],
      ["EUR", 100_000_000n],
      ["KWD", 5_123n],
    ] as const) {
      await assert.rejects(open(at, newOpening(at, { currency, amountCents })), Refusal);
    }
    const { payment } = await openPaid(
      at,
      newOpening(at, { currency: "KWD", amountCents: 9_990n }),
    );
    const { state } = await at.provider.refund(refundRequest(payment, 5_123n));
    assert.equal(state, "person");
  });

  it("have one session at a time, also with another return URL", async () => {
    const opening = newOpening(at);
    const first = await open(at, opening);
    const elsewhere = { returnUrl: "http://127.0.0.1:9/elsewhere" };
    // Another call opens it at this moment: which session lives is not known yet.
    await assert.rejects(open(at, { ...opening, ...elsewhere }), Outage);
    const second = await open(at, { ...opening, ...first.payment, ...elsewhere });
    assert.notEqual(second.payment.references.session, first.payment.references.session);
    assert.equal(await at.provider.close(first.payment), "closed");
    const third = await open(at, { ...opening, ...second.payment, returnUrl: opening.returnUrl });
    assert.equal((await at.provider.query(second.payment)).state, "closed");
    await at.pay(third.payment, third.action);
    await paidNotice(at, third.payment);
    await assert.rejects(open(at, { ...opening, ...third.payment, ...elsewhere }), Outage);
  });

  it("are on their way while a slow method waits, and cannot be closed", async () => {
    const [slow, failed] = [await open(at), await open(at)];
    await at.pay(slow.payment, slow.action, "delayed");
    await at.pay(failed.payment, failed.action, "delayed_failed");
    assert.equal((await at.provider.query(slow.payment)).state, "processing");
    assert.equal(await at.provider.close(slow.payment), "processing");
    await at.advance(60_000);
    await paidNotice(at, slow.payment);
    assert.equal(await at.provider.close(slow.payment), "paid");
    assert.equal((await at.provider.query(failed.payment)).state, "closed");
    assert.equal(await at.provider.close(failed.payment), "closed");
  });

  it("have refunds that wait, and refunds that fail after they succeeded", async () => {
    const waiting = await open(at);
    await at.pay(waiting.payment, waiting.action, "refund_pending");
    const returned = await open(at);
    await at.pay(returned.payment, returned.action, "refund_fails");
    const [one, other] = [
      refundRequest((await paidNotice(at, waiting.payment)).payment, 1_000n),
      refundRequest((await paidNotice(at, returned.payment)).payment, 1_000n),
    ];
    assert.equal((await at.provider.refund(one)).state, "pending");
    assert.equal((await at.provider.refund(other)).state, "succeeded");
    await at.advance(11_000);
    assert.equal((await at.provider.queryRefund(one)).state, "succeeded");
    // Stripe would replay its first answer: that it succeeded.
    assert.equal((await at.provider.refund(other)).state, "failed");
    assert.equal((await at.provider.refund({ ...other, attempt: 2 })).state, "succeeded");
  });

  it("are refunded under a new number once the account has money again", async () => {
    const { payment } = await openPaid(at);
    const request = refundRequest(payment, 1_000n);
    await at.faults({ refund: "not_enough" });
    assert.equal((await at.provider.refund(request)).state, "failed");
    await at.faults();
    // Stripe replays its answer to the first number.
    assert.equal((await at.provider.refund(request)).state, "failed");
    assert.equal((await at.provider.refund({ ...request, attempt: 2 })).state, "succeeded");
    assert.equal(await at.refundedCents(payment), 1_000n);
  });

  it("need a person for a refund while they are disputed", async () => {
    const { payment, action } = await open(at);
    await at.pay(payment, action, "dispute");
    const { payment: disputed } = await paidNotice(at, payment);
    const outcome = await at.provider.refund(refundRequest(disputed, 1_000n));
    assert.ok(outcome.state === "person");
    assert.match(outcome.cause, /^charge_disputed: /);
  });

  it("have a notice of a refund from the dashboard, which the shop did not ask for", async () => {
    const { payment } = await openPaid(at);
    await at.command("refund", { number: payment.references.session, amount: "500" });
    const callback = await at.nextCallback((one) => {
      const notice = noticeIn(at, one);
      return notice?.kind === "refund" && notice.tradeId === payment.tradeId;
    });
    const notice = noticeIn(at, callback);
    assert.ok(notice?.kind === "refund");
    assert.equal(notice.refund, undefined);
    assert.equal(notice.foreignId, notice.reference);
    assert.deepEqual([notice.state, notice.amountCents], ["succeeded", 500n]);
  });

  it("tell of a dispute with the fee that Stripe takes, and gives back with the money", async () => {
    const { payment, action } = await open(at);
    await at.pay(payment, action, "dispute");
    const { tradeId } = (await paidNotice(at, payment)).payment;
    await at.command("close-dispute", { number: payment.references.session, won: true });
    const moves = [];
    for (const state of ["funds_withdrawn", "funds_reinstated"]) {
      const callback = await at.nextCallback((one) => {
        const notice = noticeIn(at, one);
        return notice?.kind === "dispute" && notice.state === state && notice.tradeId === tradeId;
      });
      const notice = noticeIn(at, callback);
      assert.ok(notice?.kind === "dispute");
      moves.push([notice.amountCents, notice.feeCents, notice.currency]);
    }
    assert.deepEqual(moves, Array(2).fill([12_345n, 1_500n, "EUR"]));
  });

  it("have nothing to do with events of other shops on the account", async () => {
    await at.faults({ strangers: 1 });
    const { payment, action } = await open(at);
    await at.pay(payment, action);
    const callback = await at.nextCallback((one) => noticeIn(at, one)?.kind === "not_ours");
    await paidNotice(at, payment);
    assert.equal(noticeIn(at, callback)?.kind, "not_ours");
    assert.equal(at.provider.answers.refused.status, 200);
  });

  it("are refunded once under one number after Stripe forgot its idempotency key", async () => {
    const { payment } = await openPaid(at);
    const request = refundRequest(payment, 1_000n);
    assert.equal((await at.provider.refund(request)).state, "succeeded");
    await at.advance(25 * 3_600_000);
    assert.equal((await at.provider.refund(request)).state, "succeeded");
    assert.equal(await at.refundedCents(payment), 1_000n);
  });
});
