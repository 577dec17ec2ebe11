import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Stripe } from "stripe";
import { about, eventOf, useStripe } from "./stripe-shop.ts";

const DAY_MS = 86_400_000;

describe("the Stripe simulator, judged by Stripe's SDK", () => {
  const at = useStripe();
  const { client, open, verify } = at;

  it("opens, is paid, refunded twice and asked, and the account balances", async () => {
    const session = await open();
    assert.match(session.id, /^cs_test_.{58}$/);
    assert.deepEqual([session.status, session.payment_status], ["open", "unpaid"]);
    assert.ok(session.url?.startsWith(`${at.simulators.accounts.stripe.url}/c/pay/`));
    assert.equal(session.payment_intent, null);
    await at.control.stripe.pay(session.id);
    const callback = await at.shop.next(about(session.id, "checkout.session.completed"));
    const event = verify(callback);
    assert.equal(event.type, "checkout.session.completed");
    const paid = await at.stripe.checkout.sessions.retrieve(session.id, {
      expand: ["payment_intent.latest_charge"],
    });
    assert.deepEqual([paid.status, paid.payment_status, paid.url], ["complete", "paid", null]);
    const intent = paid.payment_intent as Stripe.PaymentIntent;
    assert.deepEqual(intent.metadata, { payment: "7" });
    assert.equal((intent.latest_charge as Stripe.Charge).paid, true);

    const first = await at.stripe.refunds.create({ payment_intent: intent.id, amount: 2_345 });
    assert.equal(first.status, "succeeded");
    await at.shop.next(about(first.id, "refund.created"));
    await at.stripe.refunds.create({ payment_intent: intent.id });
    await assert.rejects(at.stripe.refunds.create({ payment_intent: intent.id }), {
      code: "charge_already_refunded",
    });
    assert.equal((await at.stripe.refunds.retrieve(first.id)).amount, 2_345);
    const listed = await at.stripe.refunds.list({ payment_intent: intent.id });
    assert.deepEqual(
      listed.data.map(({ amount }) => amount),
      [10_000, 2_345],
    );
    const fee = 358 + 30;
    const rows = (await statement()).filter(({ source }) => {
      return (source as Stripe.Charge | Stripe.Refund).payment_intent === intent.id;
    });
    assert.deepEqual(
      rows.map(({ type, amount, fee: kept, net }) => [type, amount, kept, net]),
      [
        ["refund", -10_000, 0, -10_000],
        ["refund", -2_345, 0, -2_345],
        ["charge", 12_345, fee, 12_345 - fee],
      ],
    );
  });

  /** All balance transactions with their sources, in pages of three. */
  async function statement(): Promise<Stripe.BalanceTransaction[]> {
    const from = Math.floor((await at.control.now()).getTime() / 1_000) - 86_400;
    const rows: Stripe.BalanceTransaction[] = [];
    const pages = at.stripe.balanceTransactions.list({
      created: { gte: from },
      limit: 3,
      expand: ["data.source"],
    });
    for await (const row of pages) rows.push(row);
    return rows;
  }

  it("expires open sessions only, once by the shop and once by its clock", async () => {
    const [first, second, third] = await Promise.all([open(), open(), open()]);
    assert.equal((await at.stripe.checkout.sessions.expire(first.id)).status, "expired");
    await at.shop.next(about(first.id, "checkout.session.expired"));
    await assert.rejects(at.stripe.checkout.sessions.expire(first.id), /status of expired/);
    await at.control.stripe.faults({ pay_during_close: 1 });
    await assert.rejects(at.stripe.checkout.sessions.expire(second.id), /status of complete/);
    assert.equal((await at.stripe.checkout.sessions.retrieve(second.id)).payment_status, "paid");
    await at.control.advance(DAY_MS);
    await at.shop.next(about(third.id, "checkout.session.expired"));
    assert.equal((await at.control.stripe.pay(third.id)).state, "closed");
  });

  it("completes a slow payment unpaid, and settles it later", async () => {
    const [slow, failed] = await Promise.all([open(), open()]);
    await at.control.stripe.pay(slow.id, { method: "delayed" });
    await at.control.stripe.pay(failed.id, { method: "delayed_failed" });
    const { status, payment_status } = await at.stripe.checkout.sessions.retrieve(slow.id);
    assert.deepEqual([status, payment_status], ["complete", "unpaid"]);
    await at.control.advance(60_000);
    await at.shop.next(about(slow.id, "checkout.session.async_payment_succeeded"));
    await at.shop.next(about(failed.id, "checkout.session.async_payment_failed"));
    assert.equal((await at.stripe.checkout.sessions.retrieve(slow.id)).payment_status, "paid");
  });

  it("fails a refund after it succeeded, and the money is back", async () => {
    const session = await open();
    const { providerId } = await at.control.stripe.pay(session.id, { method: "refund_fails" });
    const refund = await at.stripe.refunds.create({ payment_intent: String(providerId) });
    assert.equal(refund.status, "succeeded");
    await at.control.advance(10_000);
    await at.shop.next(about(refund.id, "refund.failed"));
    const again = await at.stripe.refunds.create({ payment_intent: String(providerId) });
    assert.equal(again.amount, 12_345);
    assert.ok((await statement()).some(({ type }) => type === "refund_failure"));
  });

  it("takes the money of a dispute and gives it back to a shop that wins", async () => {
    const session = await open();
    const { providerId } = await at.control.stripe.pay(session.id, { method: "dispute" });
    const { data } = await at.stripe.disputes.list({ payment_intent: String(providerId) });
    assert.equal(data[0]?.status, "needs_response");
    await assert.rejects(at.stripe.refunds.create({ payment_intent: String(providerId) }), {
      code: "charge_disputed",
    });
    await at.control.stripe.command("close-dispute", { number: session.id, won: true });
    await at.shop.next((one) => eventOf(one).type === "charge.dispute.funds_reinstated");
    const { pending } = await at.stripe.balance.retrieve();
    const { movements } = await at.control.state();
    const sum = movements.reduce((total, { amount, fee }) => total + amount - fee, 0n);
    assert.equal(BigInt(pending[0]?.amount ?? 0), sum);
  });

  it("replays the first answer of an idempotency key, and refuses other parameters", async () => {
    const idempotencyKey = randomUUID();
    // Errors of validation are not kept.
    await assert.rejects(open({ success_url: "shop" }, { idempotencyKey }));
    const once = await open({}, { idempotencyKey });
    assert.equal((await open({}, { idempotencyKey })).id, once.id);
    await assert.rejects(open({}, { idempotencyKey, amount: 1_000 }), {
      type: "StripeIdempotencyError",
      statusCode: 400,
    });
    const refund = at.stripe.refunds.create({ payment_intent: "pi_none" }, { idempotencyKey });
    await assert.rejects(refund, { type: "StripeIdempotencyError" });
    await at.control.advance(DAY_MS);
    assert.notEqual((await open({}, { idempotencyKey })).id, once.id);
  });

  it("answers 409 to a request whose key is under way, and acts once", async () => {
    const idempotencyKey = randomUUID();
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, () => open({}, { idempotencyKey })),
    );
    const opened = answers.flatMap((one) => (one.status === "fulfilled" ? [one.value.id] : []));
    assert.equal(new Set(opened).size, 1);
    for (const one of answers) {
      if (one.status === "rejected") assert.equal(one.reason.statusCode, 409);
    }
  });

  it("keeps the effect of an answer that is lost or broken", async () => {
    const session = await open();
    const { providerId } = await at.control.stripe.pay(session.id);
    // The SDK repeats a request once whose connection broke, also without retries.
    for (const faults of [{ lose_answers: 2 }, { error_after: 1 }]) {
      await at.control.stripe.faults(faults);
      const idempotencyKey = randomUUID();
      const params = { payment_intent: String(providerId), amount: 1_000 };
      await assert.rejects(at.stripe.refunds.create(params, { idempotencyKey }));
      const again = await at.stripe.refunds.create(params, { idempotencyKey });
      assert.equal(again.amount, 1_000);
    }
    const { data } = await at.stripe.refunds.list({ payment_intent: String(providerId) });
    assert.equal(data.length, 2);
    await at.control.stripe.faults({ rate_limit: 1, error: 1 });
    await assert.rejects(open(), { statusCode: 429 });
    await assert.rejects(open(), { statusCode: 500 });
  });

  it("refuses what Stripe refuses", async () => {
    const nowS = Math.floor((await at.control.now()).getTime() / 1_000);
    const cases: [() => Promise<unknown>, object | RegExp][] = [
      [() => open({ colour: "red" } as object), { code: "parameter_unknown" }],
      [() => open({ line_items: [] }), { code: "parameter_missing" }],
      [() => open({ success_url: "shop" }), { code: "url_invalid" }],
      [() => open({ client_reference_id: "x".repeat(201) }), /more than 200/],
      [() => open({ expires_at: nowS + 1_700 }), /at least 30 minutes/],
      [() => open({ expires_at: nowS + 86_500 }), /less than 24 hours/],
      [() => open({}, { amount: 49 }), { code: "amount_too_small" }],
      [() => open({}, { amount: 100_000_000 }), { code: "amount_too_large" }],
      [() => open({}, { amount: 1_001, currency: "kwd" }), /last digit must be 0/],
      [() => open({}, { amount: 150, currency: "isk" }), /evenly divisible by 100/],
      [() => open({}, { currency: "EUR" }), /Invalid currency/],
      [() => client("sk_test_wrong").balance.retrieve(), { statusCode: 401 }],
      [() => at.stripe.checkout.sessions.retrieve("cs_test_none"), { code: "resource_missing" }],
      [() => at.stripe.refunds.create({ payment_intent: "pi_none" }), { code: "resource_missing" }],
    ];
    for (const [call, error] of cases) await assert.rejects(call(), error);
    for (const [amount, currency] of [
      [500, "jpy"],
      [5_120, "kwd"],
      [10_000, "isk"],
    ] as const) {
      assert.equal((await open({}, { amount, currency })).amount_total, amount);
    }
  });

  it("keeps its ledger, its keys and its clock when it is killed", async () => {
    await at.control.advance(DAY_MS);
    const session = await open();
    await at.control.stripe.pay(session.id);
    await at.shop.next(about(session.id, "checkout.session.completed"));
    const before = await at.control.state();
    await at.simulators.kill();
    await at.simulators.start();
    const after = await at.control.state();
    assert.deepEqual(after.trades, before.trades);
    assert.deepEqual(after.movements, before.movements);
    assert.equal((await at.stripe.checkout.sessions.retrieve(session.id)).payment_status, "paid");
    assert.ok((await at.control.now()).getTime() - Date.now() > DAY_MS);
  });

  it("has a page with test cards in English and Chinese", async () => {
    const session = await open();
    const english = await (await fetch(String(session.url))).text();
    assert.match(english, /123\.45 EUR/);
    const chinese = await fetch(String(session.url), { headers: { "accept-language": "zh-CN" } });
    assert.match(await chinese.text(), /lang="zh-CN"[\s\S]*模拟的 Stripe/);
    const pay = (number: string) =>
      fetch(String(session.url), {
        method: "POST",
        redirect: "manual",
        body: new URLSearchParams({ number }),
      });
    assert.equal((await pay("4000 0000 0000 0002")).status, 402);
    const done = await pay("4242 4242 4242 4242");
    assert.deepEqual(
      [done.status, done.headers.get("location")],
      [303, `http://127.0.0.1:9/thanks?session=${session.id}`],
    );
  });
});
