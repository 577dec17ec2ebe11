import assert from "node:assert/strict";
import { mutate } from "./mutate.ts";
import { type Callback, until } from "./simulators.ts";
import { about, objectOf, useStripe } from "./stripe-shop.ts";

describe("the events of the Stripe simulator, judged by Stripe's SDK", () => {
  const at = useStripe();
  const { open, verify } = at;

  it("sends events that the SDK accepts, and 1,000 of them changed that it refuses", async () => {
    const session = await open();
    await at.control.stripe.pay(session.id);
    await at.shop.next(about(session.id, "checkout.session.completed"));
    for (let batch = 0; batch < 10; batch += 1) {
      await at.control.stripe.send(session.id, { times: 100 });
    }
    const genuine = at.shop.callbacks.slice(-1_000);
    for (const [index, callback] of genuine.entries()) {
      assert.ok(verify(callback));
      assert.throws(() => verify(mutate(callback, "stripe-signature", index)), `case ${index}`);
    }
  }).timeout(60_000);

  it("signs with the old and the new secret while it is rolled", async () => {
    const [old = ""] = at.simulators.accounts.stripe.webhookSecrets;
    const { secret } = await at.control.stripe.command("roll");
    const session = await open();
    await at.control.stripe.pay(session.id);
    const callback = await at.shop.next(about(session.id, "checkout.session.completed"));
    assert.ok(verify(callback, old));
    assert.ok(verify(callback, String(secret)));
    await at.control.stripe.command("drop-old");
    at.shop.callbacks.length = 0;
    await at.control.stripe.send(session.id);
    assert.throws(() => verify(at.shop.callbacks[0] as Callback, old));
    at.simulators.accounts.stripe.webhookSecrets = [String(secret)];
  });

  it("sends fakes that the SDK refuses unless they are signed", async () => {
    const session = await open();
    await at.control.stripe.pay(session.id);
    await at.shop.next(about(session.id, "checkout.session.completed"));
    const send = async (kind: "stale") => {
      at.shop.callbacks.length = 0;
      await at.control.stripe.send(session.id, { kind });
      return at.shop.callbacks[0] as Callback;
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
    at.shop.answer = () => ({ status: 500, body: "" });
    const session = await open();
    await at.control.stripe.pay(session.id);
    const mine = () => at.shop.callbacks.filter(about(session.id, "checkout.session.completed"));
    await at.shop.next(about(session.id, "checkout.session.completed"));
    const pausesS = [300, 1_800, 7_200, 18_000, 36_000, 43_200, 43_200, 43_200, 43_200];
    for (const [index, seconds] of pausesS.entries()) {
      await attempts(session.id, index + 1);
      await at.control.advance(seconds * 10 - 1_000);
      assert.equal(mine().length, index + 1);
      await at.control.advance(1_000);
    }
    await attempts(session.id, pausesS.length + 1);
    const { notices } = await at.control.state();
    assert.equal(notices.find(({ trade }) => trade === session.id)?.state, "given_up");
    const { data } = await at.stripe.events.list({ delivery_success: false, limit: 1 });
    assert.equal((data[0]?.data.object as { id: string } | undefined)?.id, session.id);
    assert.equal(
      new Set(mine().map(({ headers }) => headers["stripe-signature"])).size,
      mine().length,
    );
    at.shop.answer = () => ({ status: 200, body: "" });
  }).timeout(60_000);

  async function attempts(number: string, count: number): Promise<void> {
    await until(async () => {
      const { notices } = await at.control.state();
      return notices.some((one) => one.trade === number && one.attempts === count) || undefined;
    }, `attempt ${count}`);
  }

  it("sends events of other shops, out of order and twice, as faults demand", async () => {
    await at.control.stripe.faults({ strangers: 2, duplicate: 1, reorder: 3 });
    const sessions = await Promise.all([open(), open(), open()]);
    at.shop.callbacks.length = 0;
    for (const { id } of sessions) await at.control.stripe.pay(id);
    const own = () =>
      at.shop.callbacks.map(objectOf).filter(({ id }) => sessions.some((one) => one.id === id));
    await until(() => own().length === 6 || undefined, "six callbacks");
    assert.deepEqual([own()[0]?.id, own()[5]?.id], [sessions[2]?.id, sessions[0]?.id]);
    assert.ok(at.shop.callbacks.length >= 6 + 2 * 3);
  });
});
