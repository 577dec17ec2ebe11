import assert from "node:assert/strict";
import { stripeProvider } from "../../../services/pay/providers/stripe/provider.ts";
import { mutate } from "../../integration/simulators/mutate.ts";
import { about, useStripe } from "../../integration/simulators/stripe-shop.ts";
import { rawOf } from "./simulated.ts";

describe("callbacks of the Stripe simulator, read by the provider and by Stripe's SDK", () => {
  const at = useStripe();

  const providerWith = (webhookSecrets: string[]) =>
    stripeProvider({
      url: at.simulators.accounts.stripe.url,
      secretKey: at.simulators.accounts.stripe.secretKey,
      livemode: false,
      webhookSecrets,
      paymentMethods: undefined,
    });

  it("are accepted 1,000 times and refused 1,000 times by both", async () => {
    const provider = providerWith(at.simulators.accounts.stripe.webhookSecrets);
    const session = await at.open({ metadata: { jetshop_payment: "7" } });
    await at.control.stripe.pay(session.id);
    await at.shop.next(about(session.id, "checkout.session.completed"));
    for (let batch = 0; batch < 10; batch += 1) {
      await at.control.stripe.send(session.id, { times: 100 });
    }
    const nowMs = Date.now();
    const genuine = at.shop.callbacks.slice(-1_000);
    assert.equal(genuine.length, 1_000);
    for (const [index, callback] of genuine.entries()) {
      assert.ok(at.verify(callback));
      const read = provider.readCallback({ ...rawOf(callback), nowMs });
      assert.ok(read.genuine && read.notice.kind === "paid");
      const changed = mutate(callback, "stripe-signature", index);
      assert.throws(() => at.verify(changed), `case ${index}`);
      const reread = provider.readCallback({ ...rawOf(changed), nowMs });
      assert.deepEqual(reread, { genuine: false, cause: "signature" }, `case ${index}`);
    }
  }).timeout(60_000);

  it("are accepted while the secret is rolled, and no longer with an old one", async () => {
    const [old = ""] = at.simulators.accounts.stripe.webhookSecrets;
    const { secret } = await at.control.stripe.command("roll");
    const both = providerWith([old, String(secret)]);
    const session = await at.open();
    at.shop.callbacks.length = 0;
    await at.control.stripe.pay(session.id);
    const rolled = await at.shop.next(about(session.id, "checkout.session.completed"));
    await at.control.stripe.command("drop-old");
    await at.control.stripe.send(session.id);
    const renewed = at.shop.callbacks.at(-1) ?? assert.fail();
    const nowMs = Date.now();
    const isGenuine = (secrets: string[], callback: typeof rolled) =>
      providerWith(secrets).readCallback({ ...rawOf(callback), nowMs }).genuine;
    for (const callback of [rolled, renewed]) {
      assert.equal(both.readCallback({ ...rawOf(callback), nowMs }).genuine, true);
      assert.equal(isGenuine([String(secret)], callback), true);
    }
    assert.equal(isGenuine([old], rolled), true);
    assert.equal(isGenuine([old], renewed), false);
    at.simulators.accounts.stripe.webhookSecrets = [String(secret)];
  });

  it("are refused if they are not authentic, also those that the SDK accepts", async () => {
    const provider = providerWith(at.simulators.accounts.stripe.webhookSecrets);
    const session = await at.open();
    await at.control.stripe.pay(session.id);
    await at.shop.next(about(session.id, "checkout.session.completed"));
    for (const [kind, cause] of [
      ["unsigned", "signature"],
      ["wrong_signature", "signature"],
      ["other_body", "signature"],
      ["stale", "stale"],
      ["future", "stale"],
    ] as const) {
      at.shop.callbacks.length = 0;
      await at.control.stripe.send(session.id, { kind });
      const callback = at.shop.callbacks[0] ?? assert.fail();
      const read = provider.readCallback({ ...rawOf(callback), nowMs: Date.now() });
      assert.deepEqual(read, { genuine: false, cause }, kind);
    }
  });

  it("are valid if the SDK signs them, and not with any byte changed", () => {
    const secret = "whsec_test_secret_0123456789";
    const provider = providerWith([secret]);
    const payload = JSON.stringify({
      id: "evt_test_webhook",
      object: "event",
      created: 1_795_000_000,
      livemode: false,
      type: "payout.paid",
      data: { object: { id: "po_1", name: "茶 🍵" } },
    });
    const header = at.stripe.webhooks.generateTestHeaderString({ payload, secret });
    const body = Buffer.from(payload);
    const genuine = (headers: Record<string, string>, bytes: Uint8Array) =>
      provider.readCallback({ headers, body: bytes, nowMs: Date.now() }).genuine;
    assert.equal(genuine({ "stripe-signature": header }, body), true);
    for (let index = 0; index < body.length; index += 1) {
      const changed = Buffer.from(body);
      changed[index] = (changed[index] as number) ^ 1;
      assert.equal(genuine({ "stripe-signature": header }, changed), false, `byte ${index}`);
    }
    for (let index = 0; index < header.length; index += 1) {
      const digit = header[index] === "1" ? "2" : "1";
      const changed = `${header.slice(0, index)}${digit}${header.slice(index + 1)}`;
      assert.equal(genuine({ "stripe-signature": changed }, body), false, `character ${index}`);
    }
  });
});
