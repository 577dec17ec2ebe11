import assert from "node:assert/strict";
import { Outage } from "#platform/values/refusal.ts";
import { alipayProvider } from "../../../services/pay/providers/alipay/provider.ts";
import type { Opening, PaymentProvider } from "../../../services/pay/providers/provider.ts";
import { type Shop, type Simulators, startSimulators } from "../simulators/simulators.ts";
import {
  alipayOptions,
  newOpening,
  notices,
  readBy,
  refundOf,
  startCalledShop,
} from "./provider-shop.ts";

const HOUR_MS = 3_600_000;

describe("Alipay, against its simulator", () => {
  let simulators: Simulators;
  let shop: Shop;
  let alipay: PaymentProvider;

  before(async () => {
    shop = await startCalledShop("alipay");
    simulators = await startSimulators();
    alipay = alipayProvider(alipayOptions(simulators.accounts.alipay, { notifyUrl: shop.url }));
  });

  after(async () => {
    await simulators?.stop();
    await shop?.stop();
  });

  afterEach(() => simulators.control.alipay.faults());

  const control = () => simulators.control.alipay;

  /** Opens a payment, and its page as the shopper's browser does. */
  async function visit(changes: Partial<Opening> = {}): Promise<Opening> {
    const opening = newOpening(changes);
    const { action } = await alipay.open(opening);
    assert.equal(action.kind, "redirect");
    const response = await fetch(action.kind === "redirect" ? action.url : "", {
      redirect: "manual",
    });
    assert.equal(response.status, 302, await response.text());
    return opening;
  }

  async function pay(): Promise<Opening> {
    const opening = await visit();
    await control().pay(String(opening.paymentId));
    return opening;
  }

  /** The simulator's clock moves by itself otherwise: refunds of one trade are 3 s apart. */
  const wait = () => simulators.control.advance(3_000);

  it("opens with the same link at each repetition, and no call", async () => {
    const opening = newOpening();
    const { action } = await alipay.open(opening);
    assert.deepEqual((await alipay.open(opening)).action, action);
    const params = new URL(action.kind === "redirect" ? action.url : "").searchParams;
    const content = JSON.parse(params.get("biz_content") ?? "");
    assert.equal(content.total_amount, "123.45");
    assert.ok(!("timeout_express" in content));
    const beijing = new Date(opening.expireTime.getTime() + 8 * HOUR_MS).toISOString();
    assert.equal(content.time_expire, beijing.slice(0, 19).replace("T", " "));
    assert.equal(content.subject, 'Order 7: 茶 × 2, 100% + "新"');
  });

  it("opens by a form, and by a code", async () => {
    const options = { notifyUrl: shop.url, checkout: "form" as const };
    const form = alipayProvider(alipayOptions(simulators.accounts.alipay, options));
    const { action } = await form.open(newOpening());
    assert.ok(action.kind === "form");
    const body = new URLSearchParams(action.fields);
    const page = await fetch(action.url, { method: "POST", body, redirect: "manual" });
    assert.equal(page.status, 302, await page.text());

    const code = alipayProvider(
      alipayOptions(simulators.accounts.alipay, { notifyUrl: shop.url, checkout: "qr" }),
    );
    const opening = newOpening();
    const coded = await code.open(opening);
    assert.ok(coded.action.kind === "qr");
    assert.match(coded.action.text, /^https:\/\/qr\.alipay\.com\//);
    assert.deepEqual(coded.action.expireTime, opening.expireTime);
    assert.deepEqual(await code.open(opening), coded);
  });

  it("closes before, during and after the login", async () => {
    const unseen = newOpening();
    await alipay.open(unseen);
    const visited = await visit();
    for (const opening of [unseen, visited]) {
      assert.deepEqual(await alipay.query(opening), { state: "not_begun" });
      assert.equal(await alipay.close(opening), "not_begun");
    }
    await control().begin(String(visited.paymentId));
    assert.deepEqual(await alipay.query(visited), { state: "open" });
    assert.equal(await alipay.close(visited), "closed");
    assert.deepEqual(await alipay.query(visited), { state: "closed" });
    assert.equal(await alipay.close(visited), "closed");
    assert.equal((await control().pay(String(visited.paymentId))).state, "closed");

    const raced = await visit();
    await control().begin(String(raced.paymentId));
    await control().faults({ pay_during_close: 1 });
    assert.equal(await alipay.close(raced), "paid");
    assert.equal(await alipay.close(await pay()), "paid");
  });

  it("sees one payment in pay, refund a part, refund the rest and finish", async () => {
    const opening = await pay();
    const { paymentId } = opening;
    await shop.next(notices(alipay, "paid", paymentId));
    const found = await alipay.query(opening);
    assert.ok(found.state === "paid");
    assert.deepEqual([found.amountCents, found.currency], [12_345n, "CNY"]);
    assert.ok(Math.abs(found.payTime.getTime() - Date.now()) < 60_000);

    const part = refundOf(opening, 2_345n);
    assert.deepEqual(await alipay.queryRefund(part), { state: "unknown" });
    assert.deepEqual(await alipay.refund(part), { state: "succeeded" });
    assert.deepEqual(await alipay.refund(part), { state: "pending" });
    assert.deepEqual(await alipay.queryRefund(part), { state: "succeeded" });
    const rest = refundOf(opening, 10_000n);
    assert.equal((await alipay.refund(rest)).state, "again");
    await wait();
    assert.deepEqual(await alipay.refund(rest), { state: "succeeded" });
    const refunds = () =>
      shop.callbacks.filter(notices(alipay, "refund", paymentId)).map((callback) => {
        const read = readBy(alipay, callback);
        return read.genuine && read.notice.kind === "refund" ? read.notice : undefined;
      });
    await shop.next(() => refunds().length === 2);
    assert.deepEqual(
      refunds().map((notice) => [notice?.refund, notice?.refundedCents, notice?.state]),
      [
        [{ refundId: part.refundId, attempt: 1 }, 2_345n, "succeeded"],
        [{ refundId: rest.refundId, attempt: 1 }, 12_345n, "succeeded"],
      ],
    );
    // Closed there after the last refund, and still a payment that was paid.
    assert.deepEqual(await alipay.query(opening), found);
    assert.equal(shop.callbacks.filter(notices(alipay, "paid", paymentId)).length, 1);
  });

  it("takes the end of the period for refunds for no payment, after a refund as well", async () => {
    const opening = await pay();
    const { paymentId } = opening;
    await alipay.refund(refundOf(opening, 345n));
    await control().command("finish", { number: String(paymentId) });
    await shop.next(notices(alipay, "other", paymentId));
    const kinds = ["paid", "refund", "other"].map(
      (kind) => shop.callbacks.filter(notices(alipay, kind, paymentId)).length,
    );
    assert.deepEqual(kinds, [1, 1, 1]);
    assert.equal((await alipay.query(opening)).state, "paid");
    const late = await alipay.refund(refundOf(opening, 1n));
    assert.ok(late.state === "person");
    assert.match(late.cause, /^ACQ\.TRADE_HAS_FINISHED /);
  });

  it("refunds once, also if requests or answers are lost, and says what only a person can mend", async () => {
    const opening = await pay();
    for (const faults of [{ lose_answers: 1 }, { error_after: 1 }, { wrong_signature: 1 }]) {
      const refund = refundOf(opening, 1_000n);
      await control().faults(faults);
      await assert.rejects(alipay.refund(refund), Outage, JSON.stringify(faults));
      assert.deepEqual(await alipay.queryRefund(refund), { state: "succeeded" });
      assert.deepEqual(await alipay.refund(refund), { state: "pending" });
      await wait();
    }
    const refund = refundOf(opening, 1_000n);
    await control().faults({ refund: "not_enough" });
    const poor = await alipay.refund(refund);
    assert.ok(poor.state === "again");
    assert.match(poor.cause, /^ACQ\.SELLER_BALANCE_NOT_ENOUGH /);
    await control().faults({ refund_delay_ms: 60_000 });
    assert.deepEqual(await alipay.refund(refund), { state: "pending" });
    assert.deepEqual(await alipay.queryRefund(refund), { state: "unknown" });
    await simulators.control.advance(60_000);
    assert.deepEqual(await alipay.queryRefund(refund), { state: "succeeded" });
    await control().faults();
    const other = await alipay.refund({ ...refund, amountCents: 1n });
    assert.ok(other.state === "person");
    assert.match(other.cause, /^ACQ\.DISCORDANT_REPEAT_REQUEST /);
    const claimed = await alipay.queryRefund({ ...refund, amountCents: 1n });
    assert.deepEqual(claimed, { state: "person", cause: "alipay refunded 10.00 CNY instead" });
    const tooMuch = await alipay.refund(refundOf(opening, 12_345n));
    assert.equal(tooMuch.state, "person");
    const { refunds } = await simulators.control.state();
    const own = refunds.filter(({ trade }) => trade === String(opening.paymentId));
    assert.equal(own.length, 4);
  });

  it("knows a refund of the console as none of the shop's", async () => {
    const opening = await pay();
    await control().refund(String(opening.paymentId), 345n);
    const callback = await shop.next(notices(alipay, "refund", opening.paymentId));
    const read = readBy(alipay, callback);
    assert.ok(read.genuine && read.notice.kind === "refund");
    const { refund, foreignId, tradeId } = read.notice;
    assert.deepEqual([refund, foreignId], [undefined, `${tradeId}/console1`]);
  });

  it("believes no answer that is unsigned, forged or an error of the gateway", async () => {
    const opening = await pay();
    for (const faults of [
      { wrong_signature: 1 },
      { rate_limit: 1 },
      { error: 1 },
      { rate_limit: 1, unsigned_errors: true },
      { lose_answers: 1 },
    ]) {
      for (const work of [
        () => alipay.query(opening),
        () => alipay.close(opening),
        () => alipay.refund(refundOf(opening, 1n)),
        () => alipay.queryRefund(refundOf(opening, 1n)),
      ]) {
        await control().faults(faults);
        await assert.rejects(work(), Outage, JSON.stringify(faults));
      }
    }
  });

  it("takes the total of a payment with a coupon, and refuses false notices", async () => {
    const opening = await visit();
    const number = String(opening.paymentId);
    await control().pay(number, { coupon: 345 });
    const genuine = await shop.next(notices(alipay, "paid", opening.paymentId));
    const read = readBy(alipay, genuine);
    assert.ok(read.genuine && read.notice.kind === "paid");
    assert.equal(read.notice.amountCents, 12_345n);
    const verdictOf = async (
      kind: "unsigned" | "other_body" | "merchant" | "state" | "payment",
    ) => {
      const before = shop.callbacks.length;
      await control().send(number, { kind, as: "other-shop-1" });
      const callback = shop.callbacks[before];
      assert.ok(callback);
      const fake = readBy(alipay, callback);
      return fake.genuine ? fake.notice.kind : fake.cause;
    };
    assert.equal(await verdictOf("unsigned"), "signature");
    assert.equal(await verdictOf("other_body"), "signature");
    assert.equal(await verdictOf("merchant"), "merchant");
    assert.equal(await verdictOf("state"), "other");
    assert.equal(await verdictOf("payment"), "not_ours");
  });
});
