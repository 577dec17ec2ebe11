import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { DEVELOPMENT_SANDBOX_SECRET } from "../../../simulators/sandbox/config.ts";
import { signedHeaders } from "../../../simulators/sandbox/signature.ts";
import { type Receiver, startReceiver } from "../../../testbed/calls/receiver.ts";
import { ask, paymentRequest, type Sandbox, startSandbox } from "./sandbox.ts";

/** A random pause of up to 20 ms, so that requests sent together arrive in any order. */
const soon = () => pause(Math.random() * 20);

describe("the API of the sandbox", () => {
  let shop: Receiver;
  let sandbox: Sandbox;

  before(async () => {
    shop = await startReceiver();
    sandbox = await startSandbox(shop.url);
  });

  after(async () => {
    await sandbox?.stop();
    await shop?.stop();
  });

  it("opens one payment for one id, also for 20 requests at once", async () => {
    const request = paymentRequest(randomUUID(), shop.url);
    const opened = await Promise.all(
      Array.from({ length: 20 }, () => sandbox.post("/v1/payments", request)),
    );
    assert.equal(new Set(opened.map(({ json }) => json.trade_id)).size, 1);
    for (const { status, json } of opened) assert.deepEqual([status, json.state], [200, "open"]);
  });

  it("refuses the same id with another amount or currency", async () => {
    const request = paymentRequest(randomUUID(), shop.url);
    await sandbox.post("/v1/payments", request);
    for (const change of [{ amount_cents: "12346" }, { currency: "USD" }]) {
      const { status } = await sandbox.post("/v1/payments", { ...request, ...change });
      assert.equal(status, 409);
    }
  });

  it("refuses a currency that does not exist", async () => {
    for (const currency of ["XXQ", "XXX", "eur", ""]) {
      const request = { ...paymentRequest(randomUUID(), shop.url), currency };
      const { status, text } = await sandbox.post("/v1/payments", request);
      assert.equal(status, 400, currency);
      assert.match(text, /currency must/);
    }
  });

  it("answers the state of a payment, or 404", async () => {
    const { id, tradeId } = await sandbox.open();
    const expected = { merchant_trade_id: id, trade_id: tradeId, amount_cents: "12345" };
    const { json: open } = await sandbox.get(`/v1/payments/${id}`);
    assert.deepEqual(open, { ...expected, currency: "EUR", refunded_cents: "0", state: "open" });
    const { payTime } = await sandbox.control.pay(id);
    const { json: paid } = await sandbox.get(`/v1/payments/${id}`);
    assert.deepEqual([paid.state, paid.pay_time], ["paid", payTime?.toISOString()]);
    assert.equal((await sandbox.get("/v1/payments/unknown")).status, 404);
  });

  it("refuses a request with a missing, wrong or old signature", async () => {
    const body = JSON.stringify(paymentRequest(randomUUID(), shop.url));
    const good = signedHeaders(DEVELOPMENT_SANDBOX_SECRET, body, Date.now());
    const at = (ms: number) => signedHeaders(DEVELOPMENT_SANDBOX_SECRET, body, Date.now() + ms);
    const bad: Record<string, string>[] = [
      {},
      signedHeaders("another secret, 16 long", body, Date.now()),
      signedHeaders(DEVELOPMENT_SANDBOX_SECRET, `${body} `, Date.now()),
      { ...good, "sandbox-signature": "" },
      { ...good, "sandbox-signature": (good["sandbox-signature"] as string).toUpperCase() },
      { ...good, "sandbox-timestamp": "" },
      { ...good, "sandbox-timestamp": "1e9" },
      { ...good, "sandbox-merchant": "another-merchant" },
      at(-301_000),
      at(302_000),
    ];
    for (const [index, headers] of bad.entries()) {
      const answer = await ask(`${sandbox.url}/v1/payments`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json", ...headers },
      });
      assert.equal(answer.status, 401, `case ${index}`);
    }
    assert.equal((await ask(`${sandbox.url}/v1/payments/x`)).status, 401);
  });

  it("refuses malformed requests without an error in its log", async () => {
    const request = paymentRequest(randomUUID(), shop.url);
    const changes: object[] = [
      { merchant_trade_id: "" },
      { merchant_trade_id: "a b" },
      { merchant_trade_id: 7 },
      { amount_cents: 12345 },
      { amount_cents: "0" },
      { amount_cents: "-1" },
      { amount_cents: "1.5" },
      { amount_cents: "9007199254740992" },
      { currency: "eur" },
      { notify_url: undefined },
      { notify_url: "http://example.com/pay" },
      { notify_url: "http://127.0.0.1.example.com/" },
      { notify_url: "http://user@127.0.0.1/" },
      { notify_url: "file:///etc/passwd" },
      { return_url: "javascript:alert(1)" },
      { return_url: `http://127.0.0.1/${"x".repeat(2_048)}` },
      { return_url: `http://127.0.0.1/${"\u6771".repeat(900)}` },
    ];
    for (const change of changes) {
      const answer = await sandbox.post("/v1/payments", { ...request, ...change });
      assert.equal(answer.status, 400, JSON.stringify(change));
    }
    assert.equal((await sandbox.post("/v1/refunds", [])).status, 400);
    assert.equal((await sandbox.post("/v1/payments", { x: "y".repeat(17_000) })).status, 413);
    assert.equal((await ask(`${sandbox.url}/v1/payments`)).status, 405);
    assert.equal((await ask(`${sandbox.url}/v2/payments`)).status, 404);
    assert.doesNotMatch(sandbox.output(), /"level":"error"/);
  });

  it("lets either paying or closing win, 1,000 times", async () => {
    const outcomes = { paid: 0, closed: 0 };
    for (let round = 0; round < 20; round += 1) {
      const opened = await Promise.all(Array.from({ length: 50 }, () => sandbox.open()));
      await Promise.all(
        opened.map(async ({ id, checkoutUrl }) => {
          const [paid, closed] = await Promise.all([
            soon().then(() => ask(`${checkoutUrl}/pay`, { method: "POST" })),
            soon().then(() => sandbox.post(`/v1/payments/${id}/close`, {})),
          ]);
          const { json } = await sandbox.get(`/v1/payments/${id}`);
          assert.equal(json.state, closed.json.state);
          assert.equal(paid.status, json.state === "paid" ? 303 : 409);
          outcomes[json.state as "paid" | "closed"] += 1;
        }),
      );
    }
    assert.equal(outcomes.paid + outcomes.closed, 1_000);
    assert.ok(outcomes.paid > 0 && outcomes.closed > 0, JSON.stringify(outcomes));
    const { payments, notices } = await sandbox.control.state();
    const paid = payments.filter(({ state }) => state === "paid").map(({ paymentId }) => paymentId);
    assert.deepEqual(new Set(notices.map(({ paymentId }) => paymentId)), new Set(paid));
    assert.equal(notices.length, paid.length);
  }).timeout(60_000);

  it("never refunds more than was paid, also for 30 requests at once", async () => {
    const { id } = await sandbox.open();
    await sandbox.control.pay(id);
    const refund = (key: string, cents: string) =>
      sandbox.post("/v1/refunds", {
        merchant_refund_id: `${id}-${key}`,
        merchant_trade_id: id,
        amount_cents: cents,
      });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => refund(String(index), "1000")),
    );
    const succeeded = answers.filter(({ json }) => json.state === "succeeded");
    assert.equal(succeeded.length, 12);
    for (const { json } of answers.filter((answer) => !succeeded.includes(answer)))
      assert.deepEqual(json, { state: "failed", cause: "more than is left" });
    assert.deepEqual((await refund("rest", "345")).json, { state: "succeeded" });
    assert.equal((await refund("more", "1")).json.state, "failed");
    const { refunds, payments } = await sandbox.control.state();
    const mine = refunds.filter(({ paymentId, state }) => paymentId === id && state !== "failed");
    assert.equal(
      mine.reduce((sum, { amountCents }) => sum + amountCents, 0n),
      12_345n,
    );
    assert.equal(payments.find(({ paymentId }) => paymentId === id)?.refundedCents, 12_345n);
  });

  it("refunds once for one id, and repeats a failure", async () => {
    const { id } = await sandbox.open();
    const request = { merchant_trade_id: id, amount_cents: "45" };
    const early = { ...request, merchant_refund_id: `${id}-early` };
    assert.deepEqual((await sandbox.post("/v1/refunds", early)).json, {
      state: "failed",
      cause: "not paid",
    });
    await sandbox.control.pay(id);
    assert.equal((await sandbox.post("/v1/refunds", early)).json.state, "failed");
    const refund = { ...request, merchant_refund_id: `${id}-1` };
    for (const { json } of await Promise.all(
      Array.from({ length: 10 }, () => sandbox.post("/v1/refunds", refund)),
    ))
      assert.deepEqual(json, { state: "succeeded" });
    assert.equal((await sandbox.get(`/v1/payments/${id}`)).json.refunded_cents, "45");
    const other = { ...refund, amount_cents: "46" };
    assert.equal((await sandbox.post("/v1/refunds", other)).status, 409);
    const unknown = { ...refund, merchant_refund_id: "x", merchant_trade_id: "unknown" };
    assert.equal((await sandbox.post("/v1/refunds", unknown)).status, 404);
  });
});
