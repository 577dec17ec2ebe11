import assert from "node:assert/strict";
import { DEVELOPMENT_SANDBOX_SECRET } from "../../../simulators/sandbox/config.ts";
import { FAKES } from "../../../simulators/sandbox/fakes.ts";
import { signatureFault } from "../../../simulators/sandbox/signature.ts";
import {
  type Received,
  type Receiver,
  startReceiver,
  success,
} from "../../../testbed/calls/receiver.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { type Sandbox, startSandbox } from "./sandbox.ts";

describe("the callbacks of the sandbox", () => {
  let shop: Receiver;
  let sandbox: Sandbox;

  before(async () => {
    shop = await startReceiver();
    sandbox = await startSandbox(`${shop.url}/pay/callback/sandbox`);
  });

  beforeEach(async () => {
    await sandbox.control.faults();
    shop.react = () => success;
    shop.received.length = 0;
  });

  after(async () => {
    await sandbox?.stop();
    await shop?.stop();
  });

  const about = (id: string) => shop.received.filter(({ json }) => json.merchant_trade_id === id);
  const faultOf = ({ headers, body, atMs }: Received) =>
    signatureFault(DEVELOPMENT_SANDBOX_SECRET, { headers, content: body, nowMs: atMs });
  const noticeOf = async (id: string) =>
    (await sandbox.control.state()).notices.find(({ paymentId }) => paymentId === id);
  const untilAnswered = (id: string) =>
    eventually(async () => assert.equal((await noticeOf(id))?.state, "answered"));

  it("are signed over their raw bytes and name the payment", async () => {
    const { id, tradeId } = await sandbox.open();
    const { payTime } = await sandbox.control.pay(id);
    await untilAnswered(id);
    const [callback] = about(id) as [Received];
    assert.equal(faultOf(callback), undefined);
    assert.equal(callback.path, "/pay/callback/sandbox");
    assert.deepEqual(callback.json, {
      notice_id: (await noticeOf(id))?.noticeId,
      type: "payment.succeeded",
      merchant_id: "jetshop",
      merchant_trade_id: id,
      trade_id: tradeId,
      amount_cents: "12345",
      currency: "EUR",
      pay_time: payTime?.toISOString(),
    });
    assert.equal((await noticeOf(id))?.attempts, 1);
  });

  it("repeat the same bytes after growing pauses until the answer is exactly success", async () => {
    const wrong = [
      { status: 500, body: "success" },
      { status: 200, body: "success\n" },
      { status: 204, body: "" },
      { status: 302, body: "success" },
      { status: 200, body: "x".repeat(5_000) },
      "cut",
    ] as const;
    shop.react = () => wrong[shop.received.length - 1] ?? success;
    const { id } = await sandbox.open();
    await sandbox.control.pay(id);
    await untilAnswered(id);
    const callbacks = about(id);
    assert.equal(callbacks.length, wrong.length + 1);
    assert.equal(new Set(callbacks.map(({ body }) => body.toString())).size, 1);
    for (const callback of callbacks) assert.equal(faultOf(callback), undefined);
    // 2 % of 1, 2, 5, 15, 30 and 60 s
    const pauses = callbacks.slice(1).map(({ atMs }, index) => {
      return atMs - (callbacks[index] as Received).atMs;
    });
    for (const [index, ms] of [20, 40, 100, 300, 600, 1_200].entries())
      assert.ok((pauses[index] as number) >= ms - 2, `${pauses}`);
  });

  it("count as unanswered if the answer takes longer than 5 seconds", async () => {
    shop.react = () => (shop.received.length === 1 ? "hang" : success);
    const { id } = await sandbox.open();
    await sandbox.control.pay(id);
    await untilAnswered(id);
    const [first, second] = about(id) as [Received, Received];
    assert.ok(second.atMs - first.atMs >= 5_000);
  });

  it("are not lost if the sandbox is killed with a queue, twice", async () => {
    shop.react = () => ({ status: 503, body: "" });
    const opened = await Promise.all(Array.from({ length: 40 }, () => sandbox.open()));
    const ids = opened.map(({ id }) => id);
    const paying = Promise.allSettled(ids.map((id) => sandbox.control.pay(id)));
    await eventually(() => assert.ok(shop.received.length > 10));
    await sandbox.kill();
    await paying;
    await sandbox.start();
    const before = await sandbox.control.state();
    const paid = before.payments.filter(
      ({ paymentId, state }) => ids.includes(paymentId) && state === "paid",
    );
    const waiting = new Set(before.notices.map(({ paymentId }) => paymentId));
    for (const { paymentId } of paid) assert.ok(waiting.has(paymentId));
    assert.ok(paid.length > 10);
    await sandbox.kill();
    shop.react = () => success;
    await sandbox.start();
    for (const { paymentId } of paid) await untilAnswered(paymentId);
  });

  it("arrive in extra copies with the fault duplicate", async () => {
    await sandbox.control.faults({ duplicate: 9 });
    const { id } = await sandbox.open();
    await sandbox.control.pay(id);
    await untilAnswered(id);
    assert.equal(about(id).length, 10);
  });

  it("arrive later with the fault delay_ms", async () => {
    await sandbox.control.faults({ delay_ms: 700 });
    const { id } = await sandbox.open();
    const paidAt = Date.now();
    await sandbox.control.pay(id);
    await untilAnswered(id);
    assert.ok((about(id)[0]?.atMs ?? 0) - paidAt >= 690);
  });

  it("arrive newest first with the fault reorder", async () => {
    await sandbox.control.faults({ reorder: 5 });
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      const { id } = await sandbox.open();
      await sandbox.control.pay(id);
      ids.push(id);
    }
    for (const id of ids) await untilAnswered(id);
    const order = shop.received.map(({ json }) => json.merchant_trade_id);
    assert.deepEqual(order, ids.reverse());
  });

  it("arrive with the fault reorder even if too few wait", async () => {
    await sandbox.control.faults({ reorder: 100 });
    const { id } = await sandbox.open();
    await sandbox.control.pay(id);
    await untilAnswered(id);
  });

  it("are lost and repeated with the fault drop", async () => {
    await sandbox.control.faults({ drop: 3 });
    const { id } = await sandbox.open();
    await sandbox.control.pay(id);
    await untilAnswered(id);
    assert.equal(about(id).length, 1);
    assert.equal((await noticeOf(id))?.attempts, 4);
  });

  it("arrive after one fake of each kind with the fault forge", async () => {
    await sandbox.control.faults({ forge: ["unsigned", "wrong_signature", "stale", "future"] });
    shop.react = (request) => (faultOf(request) ? { status: 401, body: "" } : success);
    const { id } = await sandbox.open();
    await sandbox.control.pay(id);
    await untilAnswered(id);
    assert.deepEqual(about(id).map(faultOf), [
      "wrong signature",
      "wrong signature",
      "stale",
      "stale",
      undefined,
    ]);
    assert.equal(new Set(about(id).map(({ json }) => json.notice_id)).size, 1);
    const { fakes } = await sandbox.control.state();
    const mine = fakes.filter(({ paymentId }) => paymentId === id);
    assert.deepEqual(
      mine.map(({ kind, answer }) => `${kind} ${answer}`),
      ["unsigned 401 ", "wrong_signature 401 ", "stale 401 ", "future 401 "],
    );
  });

  it("are replaced by a fake while the fault tamper is set", async () => {
    await sandbox.control.faults({ tamper: "amount" });
    const { id } = await sandbox.open();
    await sandbox.control.pay(id);
    await eventually(() => assert.ok(about(id).length > 1));
    for (const { json } of about(id)) assert.equal(json.amount_cents, "12346");
    assert.equal((await noticeOf(id))?.state, "waiting");
    await sandbox.control.faults();
    await untilAnswered(id);
    assert.equal(about(id).at(-1)?.json.amount_cents, "12345");
  });

  it("can be sent by command, genuine or as each kind of fake", async () => {
    const { id, tradeId } = await sandbox.open();
    await sandbox.control.pay(id);
    await untilAnswered(id);
    shop.received.length = 0;
    const answers = await sandbox.control.send(id, { times: 10 });
    assert.deepEqual(answers, Array(10).fill("200 success"));
    assert.equal(about(id).length, 10);
    const [genuine] = shop.received.splice(0) as [Received];
    for (const kind of FAKES) {
      await sandbox.control.send(id, { kind, as: "another" });
      const [fake] = shop.received.splice(0) as [Received];
      const same = fake.body.equals(genuine.body) && faultOf(fake) === undefined;
      assert.ok(!same, kind);
      const unsigned = ["unsigned", "wrong_signature", "other_body", "stale", "future"];
      assert.equal(faultOf(fake) !== undefined, unsigned.includes(kind), kind);
      const { merchant_trade_id, trade_id } = fake.json;
      assert.equal(merchant_trade_id, kind === "payment" ? "another" : id);
      assert.equal(trade_id === tradeId, kind !== "trade");
    }
  });

  it("the fault slow_ms delays an answer of the API, not its effect", async () => {
    const { id } = await sandbox.open();
    await sandbox.control.faults({ slow_ms: 2_000 });
    const begun = Date.now();
    let isAnswered = false;
    const closing = sandbox.post(`/v1/payments/${id}/close`, {}).finally(() => {
      isAnswered = true;
    });
    await eventually(async () => {
      const { payments } = await sandbox.control.state();
      assert.equal(payments.find(({ paymentId }) => paymentId === id)?.state, "closed");
    });
    assert.ok(!isAnswered);
    assert.equal((await closing).json.state, "closed");
    assert.ok(Date.now() - begun >= 1_990);
  });

  it("the fault lose_answers loses an answer of the API, not its effect", async () => {
    const { id } = await sandbox.open();
    await sandbox.control.faults({ lose_answers: 1 });
    await assert.rejects(sandbox.post(`/v1/payments/${id}/close`, {}), /fetch failed/);
    assert.equal((await sandbox.get(`/v1/payments/${id}`)).json.state, "closed");
  });

  it("the fault down stops answers and callbacks until it is cleared", async () => {
    const { id, checkoutUrl } = await sandbox.open();
    await sandbox.control.faults({ down: true });
    await assert.rejects(sandbox.get(`/v1/payments/${id}`), /fetch failed/);
    await assert.rejects(fetch(checkoutUrl), /fetch failed/);
    await sandbox.control.pay(id);
    assert.equal(about(id).length, 0);
    await sandbox.control.faults();
    await untilAnswered(id);
  });

  it("the fault refuse_refunds fails refunds", async () => {
    const { id } = await sandbox.open();
    await sandbox.control.pay(id);
    await sandbox.control.faults({ refuse_refunds: true });
    const request = { merchant_trade_id: id, merchant_refund_id: id, amount_cents: "1" };
    const { json } = await sandbox.post("/v1/refunds", request);
    assert.deepEqual(json, { state: "failed", cause: "refused" });
  });

  it("unknown faults and values are refused", async () => {
    await assert.rejects(sandbox.control.faults({ doubled: 1 } as never), /400 .*"doubled"/);
    await assert.rejects(sandbox.control.faults({ drop: -1 }), /400 drop/);
    await assert.rejects(sandbox.control.faults({ forge: ["nothing"] } as never), /400 forge/);
  });
});
