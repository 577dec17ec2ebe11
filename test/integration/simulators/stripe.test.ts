import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Stripe } from "stripe";
import type { SimulatorsControl } from "../../../simulators/providers/client.ts";
import { mutate } from "./mutate.ts";
import {
  type Callback,
  type Shop,
  type Simulators,
  startShop,
  startSimulators,
  until,
} from "./simulators.ts";

const DAY_MS = 86_400_000;

describe("the Stripe simulator, judged by Stripe's SDK", () => {
  let simulators: Simulators;
  let control: SimulatorsControl;
  let shop: Shop;
  let stripe: Stripe;

  before(async () => {
    shop = await startShop({ status: 200, body: "" });
    simulators = await startSimulators({
      SHOP_SIMULATORS_STRIPE_WEBHOOK_URL: `${shop.url}/stripe`,
      SHOP_SIMULATORS_SCHEDULE_PERCENT: "1",
    });
    ({ control } = simulators);
    stripe = client();
  });

  after(async () => {
    await simulators?.stop();
    await shop?.stop();
  });

  afterEach(() => control.stripe.faults());

  function client(key = simulators.accounts.stripe.secretKey): Stripe {
    const { hostname, port } = new URL(simulators.accounts.stripe.url);
    return new Stripe(key, { host: hostname, port, protocol: "http", maxNetworkRetries: 0 });
  }

  async function open(
    changes: Partial<Stripe.Checkout.SessionCreateParams> = {},
    { amount = 12_345, currency = "eur", idempotencyKey }: Price = {},
  ): Promise<Stripe.Checkout.Session> {
    return stripe.checkout.sessions.create(
      {
        mode: "payment",
        line_items: [
          {
            quantity: 1,
            price_data: {
              currency,
              unit_amount: amount,
              product_data: { name: "Order 7, 2 × tea" },
            },
          },
        ],
        success_url: "http://127.0.0.1:9/thanks?session={CHECKOUT_SESSION_ID}",
        client_reference_id: "7",
        metadata: { payment: "7" },
        payment_intent_data: { metadata: { payment: "7" } },
        adaptive_pricing: { enabled: false },
        ...changes,
      },
      idempotencyKey ? { idempotencyKey } : {},
    );
  }
  type Price = { amount?: number; currency?: string; idempotencyKey?: string };

  const eventOf = ({ body }: Callback) => JSON.parse(body.toString()) as Stripe.Event;
  const objectOf = (callback: Callback) => eventOf(callback).data.object as { id: string };
  const about = (id: string, type: string) => (callback: Callback) =>
    eventOf(callback).type === type && objectOf(callback).id === id;
  const verify = ({ body, headers }: Pick<Callback, "body" | "headers">, secret?: string) =>
    stripe.webhooks.constructEvent(
      body,
      String(headers["stripe-signature"]),
      secret ?? (simulators.accounts.stripe.webhookSecrets[0] as string),
    );

  it("opens, is paid, refunded twice and asked, and the account balances", async () => {
    const session = await open();
    assert.match(session.id, /^cs_test_.{58}$/);
    assert.deepEqual([session.status, session.payment_status], ["open", "unpaid"]);
    assert.ok(session.url?.startsWith(`${simulators.accounts.stripe.url}/c/pay/`));
    assert.equal(session.payment_intent, null);
    await control.stripe.pay(session.id);
    const callback = await shop.next(about(session.id, "checkout.session.completed"));
    const event = verify(callback);
    assert.equal(event.type, "checkout.session.completed");
    const paid = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ["payment_intent.latest_charge"],
    });
    assert.deepEqual([paid.status, paid.payment_status, paid.url], ["complete", "paid", null]);
    const intent = paid.payment_intent as Stripe.PaymentIntent;
    assert.deepEqual(intent.metadata, { payment: "7" });
    assert.equal((intent.latest_charge as Stripe.Charge).paid, true);

    const first = await stripe.refunds.create({ payment_intent: intent.id, amount: 2_345 });
    assert.equal(first.status, "succeeded");
    await shop.next(about(first.id, "refund.created"));
    await stripe.refunds.create({ payment_intent: intent.id });
    await assert.rejects(stripe.refunds.create({ payment_intent: intent.id }), {
      code: "charge_already_refunded",
    });
    assert.equal((await stripe.refunds.retrieve(first.id)).amount, 2_345);
    const listed = await stripe.refunds.list({ payment_intent: intent.id });
    assert.deepEqual(
      listed.data.map(({ amount }) => amount),
      [10_000, 2_345],
    );
    const fee = 358 + 30;
    const rows = (await statement()).filter(({ source }) =>
      [intent.id.replace("pi_", "ch_"), ...listed.data.map(({ id }) => id)].includes(
        String(source),
      ),
    );
    assert.deepEqual(
      rows.map(({ type, amount, fee: kept, net }) => [type, amount, kept, net]),
      [
        ["refund", -10_000, 0, -10_000],
        ["refund", -2_345, 0, -2_345],
        ["charge", 12_345, fee, 12_345 - fee],
      ],
    );
  });

  /** All balance transactions, in pages of three. */
  async function statement(): Promise<Stripe.BalanceTransaction[]> {
    const from = Math.floor((await control.now()).getTime() / 1_000) - 86_400;
    const rows: Stripe.BalanceTransaction[] = [];
    const pages = stripe.balanceTransactions.list({ created: { gte: from }, limit: 3 });
    for await (const row of pages) rows.push(row);
    return rows;
  }

  it("expires open sessions only, once by the shop and once by its clock", async () => {
    const [first, second, third] = await Promise.all([open(), open(), open()]);
    assert.equal((await stripe.checkout.sessions.expire(first.id)).status, "expired");
    await shop.next(about(first.id, "checkout.session.expired"));
    await assert.rejects(stripe.checkout.sessions.expire(first.id), /status of expired/);
    await control.stripe.faults({ pay_during_close: 1 });
    await assert.rejects(stripe.checkout.sessions.expire(second.id), /status of complete/);
    assert.equal((await stripe.checkout.sessions.retrieve(second.id)).payment_status, "paid");
    await control.advance(DAY_MS);
    await shop.next(about(third.id, "checkout.session.expired"));
    assert.equal((await control.stripe.pay(third.id)).state, "closed");
  });

  it("completes a slow payment unpaid, and settles it later", async () => {
    const [slow, failed] = await Promise.all([open(), open()]);
    await control.stripe.pay(slow.id, { method: "delayed" });
    await control.stripe.pay(failed.id, { method: "delayed_failed" });
    const { status, payment_status } = await stripe.checkout.sessions.retrieve(slow.id);
    assert.deepEqual([status, payment_status], ["complete", "unpaid"]);
    await control.advance(60_000);
    await shop.next(about(slow.id, "checkout.session.async_payment_succeeded"));
    await shop.next(about(failed.id, "checkout.session.async_payment_failed"));
    assert.equal((await stripe.checkout.sessions.retrieve(slow.id)).payment_status, "paid");
  });

  it("fails a refund after it succeeded, and the money is back", async () => {
    const session = await open();
    const { providerId } = await control.stripe.pay(session.id, { method: "refund_fails" });
    const refund = await stripe.refunds.create({ payment_intent: String(providerId) });
    assert.equal(refund.status, "succeeded");
    await control.advance(10_000);
    await shop.next(about(refund.id, "refund.failed"));
    const again = await stripe.refunds.create({ payment_intent: String(providerId) });
    assert.equal(again.amount, 12_345);
    assert.ok((await statement()).some(({ type }) => type === "refund_failure"));
  });

  it("takes the money of a dispute and gives it back to a shop that wins", async () => {
    const session = await open();
    const { providerId } = await control.stripe.pay(session.id, { method: "dispute" });
    const { data } = await stripe.disputes.list({ payment_intent: String(providerId) });
    assert.equal(data[0]?.status, "needs_response");
    await assert.rejects(stripe.refunds.create({ payment_intent: String(providerId) }), {
      code: "charge_disputed",
    });
    await control.stripe.command("close-dispute", { number: session.id, won: true });
    await shop.next((one) => eventOf(one).type === "charge.dispute.funds_reinstated");
    const { pending } = await stripe.balance.retrieve();
    const { movements } = await control.state();
    const sum = movements.reduce((total, { amount, fee }) => total + amount - fee, 0n);
    assert.equal(BigInt(pending[0]?.amount ?? 0), sum);
  });

  it("replays the first answer of an idempotency key, and refuses other parameters", async () => {
    const idempotencyKey = randomUUID();
    const once = await open({}, { idempotencyKey });
    assert.equal((await open({}, { idempotencyKey })).id, once.id);
    await assert.rejects(open({}, { idempotencyKey, amount: 1_000 }), {
      type: "StripeIdempotencyError",
      statusCode: 400,
    });
    const refund = stripe.refunds.create({ payment_intent: "pi_none" }, { idempotencyKey });
    await assert.rejects(refund, { type: "StripeIdempotencyError" });
    await control.advance(DAY_MS);
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
    const { providerId } = await control.stripe.pay(session.id);
    // The SDK repeats a request once whose connection broke, also without retries.
    for (const faults of [{ lose_answers: 2 }, { error_after: 1 }]) {
      await control.stripe.faults(faults);
      const idempotencyKey = randomUUID();
      const params = { payment_intent: String(providerId), amount: 1_000 };
      await assert.rejects(stripe.refunds.create(params, { idempotencyKey }));
      const again = await stripe.refunds.create(params, { idempotencyKey });
      assert.equal(again.amount, 1_000);
    }
    const { data } = await stripe.refunds.list({ payment_intent: String(providerId) });
    assert.equal(data.length, 2);
    await control.stripe.faults({ rate_limit: 1, error: 1 });
    await assert.rejects(open(), { statusCode: 429 });
    await assert.rejects(open(), { statusCode: 500 });
  });

  it("refuses what Stripe refuses", async () => {
    const nowS = Math.floor((await control.now()).getTime() / 1_000);
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
      [() => stripe.checkout.sessions.retrieve("cs_test_none"), { code: "resource_missing" }],
      [() => stripe.refunds.create({ payment_intent: "pi_none" }), { code: "resource_missing" }],
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

  it("sends events that the SDK accepts, and 1,000 of them changed that it refuses", async () => {
    const session = await open();
    await control.stripe.pay(session.id);
    await shop.next(about(session.id, "checkout.session.completed"));
    for (let batch = 0; batch < 10; batch += 1) {
      await control.stripe.send(session.id, { times: 100 });
    }
    const genuine = shop.callbacks.slice(-1_000);
    for (const [index, callback] of genuine.entries()) {
      assert.ok(verify(callback));
      assert.throws(() => verify(mutate(callback, "stripe-signature", index)), `case ${index}`);
    }
  }).timeout(60_000);

  it("signs with the old and the new secret while it is rolled", async () => {
    const [old = ""] = simulators.accounts.stripe.webhookSecrets;
    const { secret } = await control.stripe.command("roll");
    const session = await open();
    await control.stripe.pay(session.id);
    const callback = await shop.next(about(session.id, "checkout.session.completed"));
    assert.ok(verify(callback, old));
    assert.ok(verify(callback, String(secret)));
    await control.stripe.command("drop-old");
    shop.callbacks.length = 0;
    await control.stripe.send(session.id);
    assert.throws(() => verify(shop.callbacks[0] as Callback, old));
    simulators.accounts.stripe.webhookSecrets = [String(secret)];
  });

  it("sends fakes that the SDK refuses unless they are signed", async () => {
    const session = await open();
    await control.stripe.pay(session.id);
    await shop.next(about(session.id, "checkout.session.completed"));
    const send = async (kind: "stale") => {
      shop.callbacks.length = 0;
      await control.stripe.send(session.id, { kind });
      return shop.callbacks[0] as Callback;
    };
    for (const kind of ["unsigned", "wrong_signature", "other_body", "stale"]) {
      const fake = await send(kind as "stale");
      assert.throws(() => verify(fake), kind);
    }
    // The SDK accepts any time in the future.
    for (const kind of ["future", "amount", "currency", "trade", "payment", "state"]) {
      const fake = await send(kind as "stale");
      assert.ok(verify(fake), kind);
    }
  });

  it("repeats an event with growing pauses for three days, and lists the failed ones", async () => {
    shop.answer = () => ({ status: 500, body: "" });
    const session = await open();
    await control.stripe.pay(session.id);
    const mine = () => shop.callbacks.filter(about(session.id, "checkout.session.completed"));
    await shop.next(about(session.id, "checkout.session.completed"));
    const pausesS = [300, 1_800, 7_200, 18_000, 36_000, 43_200, 43_200, 43_200, 43_200];
    for (const [index, seconds] of pausesS.entries()) {
      await attempts(session.id, index + 1);
      await control.advance(seconds * 10 - 1_000);
      assert.equal(mine().length, index + 1);
      await control.advance(1_000);
    }
    await attempts(session.id, pausesS.length + 1);
    const { notices } = await control.state();
    assert.equal(notices.find(({ trade }) => trade === session.id)?.state, "given_up");
    const { data } = await stripe.events.list({ delivery_success: false, limit: 1 });
    assert.equal((data[0]?.data.object as { id: string } | undefined)?.id, session.id);
    assert.equal(
      new Set(mine().map(({ headers }) => headers["stripe-signature"])).size,
      mine().length,
    );
    shop.answer = () => ({ status: 200, body: "" });
  }).timeout(60_000);

  async function attempts(number: string, count: number): Promise<void> {
    await until(async () => {
      const { notices } = await control.state();
      return notices.some((one) => one.trade === number && one.attempts === count) || undefined;
    }, `attempt ${count}`);
  }

  it("sends events of other shops, out of order and twice, as faults demand", async () => {
    await control.stripe.faults({ strangers: 2, duplicate: 1, reorder: 3 });
    const sessions = await Promise.all([open(), open(), open()]);
    shop.callbacks.length = 0;
    for (const { id } of sessions) await control.stripe.pay(id);
    const own = () =>
      shop.callbacks.map(objectOf).filter(({ id }) => sessions.some((one) => one.id === id));
    await until(() => own().length === 6 || undefined, "six callbacks");
    assert.deepEqual([own()[0]?.id, own()[5]?.id], [sessions[2]?.id, sessions[0]?.id]);
    assert.ok(shop.callbacks.length >= 6 + 2 * 3);
  });

  it("keeps its ledger, its keys and its clock when it is killed", async () => {
    await control.advance(DAY_MS);
    const session = await open();
    await control.stripe.pay(session.id);
    await shop.next(about(session.id, "checkout.session.completed"));
    const before = await control.state();
    await simulators.kill();
    await simulators.start();
    const after = await control.state();
    assert.deepEqual(after.trades, before.trades);
    assert.deepEqual(after.movements, before.movements);
    assert.equal((await stripe.checkout.sessions.retrieve(session.id)).payment_status, "paid");
    assert.ok((await control.now()).getTime() - Date.now() > DAY_MS);
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
