import assert from "node:assert/strict";
import { Outage } from "#platform/values/refusal.ts";
import type { Opening, PaymentProvider } from "../../../services/pay/providers/provider.ts";
import { wechatpayProvider } from "../../../services/pay/providers/wechatpay/provider.ts";
import { type Shop, type Simulators, startSimulators } from "../simulators/simulators.ts";
import { QUIET } from "../simulators/wechatpay-shop.ts";
import {
  newOpening,
  notices,
  readBy,
  refundOf,
  startCalledShop,
  wechatpayOptions,
} from "./provider-shop.ts";

const MINUTE_MS = 60_000;

describe("WeChat Pay, against its simulator", () => {
  let simulators: Simulators;
  let shop: Shop;
  let wechatpay: PaymentProvider;

  before(async () => {
    shop = await startCalledShop("wechatpay");
    simulators = await startSimulators();
    wechatpay = wechatpayProvider(wechatpayOptions(simulators.accounts.wechatpay, shop.url));
  });

  after(async () => {
    await simulators?.stop();
    await shop?.stop();
  });

  beforeEach(() => control().faults(QUIET));

  const control = () => simulators.control.wechatpay;
  /** Refunds of one order are a minute apart. */
  const wait = () => simulators.control.advance(MINUTE_MS);

  async function open(changes: Partial<Opening> = {}): Promise<Opening> {
    const opening = newOpening(changes);
    await wechatpay.open(opening);
    return opening;
  }

  async function pay(changes: Partial<Opening> = {}): Promise<Opening> {
    const opening = await open(changes);
    await control().pay(String(opening.paymentId));
    return opening;
  }

  it("opens with the same code at each repetition", async () => {
    const opening = newOpening({ description: "Order 7: 茶 🍵\n2".padEnd(200, "茶") });
    const { action } = await wechatpay.open(opening);
    assert.ok(action.kind === "qr");
    assert.match(action.text, /^weixin:\/\/wxpay\//);
    assert.deepEqual(action.expireTime, opening.expireTime);
    assert.deepEqual((await wechatpay.open(opening)).action, action);
    await assert.rejects(wechatpay.open({ ...opening, amountCents: 1n }), /OUT_TRADE_NO_USED/);
  });

  it("opens an order that soon expires with the shortest time that is allowed", async () => {
    const createTime = new Date();
    const expireTime = new Date(createTime.getTime() + 5_000);
    const opening = await open({ createTime, expireTime });
    assert.deepEqual(await wechatpay.query(opening), { state: "open" });
  });

  it("closes before and after the payment, and while it is made", async () => {
    const none = newOpening();
    assert.deepEqual(await wechatpay.query(none), { state: "not_begun" });
    assert.equal(await wechatpay.close(none), "not_begun");
    const opening = await open();
    assert.deepEqual(await wechatpay.query(opening), { state: "open" });
    assert.equal(await wechatpay.close(opening), "closed");
    assert.deepEqual(await wechatpay.query(opening), { state: "closed" });
    assert.equal(await wechatpay.close(opening), "closed");
    const raced = await open();
    await control().faults({ ...QUIET, pay_during_close: 1 });
    assert.equal(await wechatpay.close(raced), "paid");
    assert.equal(await wechatpay.close(await pay()), "paid");
  });

  it("sees one payment in pay, refund a part and refund the rest", async () => {
    const opening = await pay();
    const { paymentId } = opening;
    await shop.next(notices(wechatpay, "paid", paymentId));
    const found = await wechatpay.query(opening);
    assert.ok(found.state === "paid");
    assert.deepEqual([found.amountCents, found.currency], [12_345n, "CNY"]);
    const part = refundOf(opening, 2_345n);
    assert.deepEqual(await wechatpay.queryRefund(part), { state: "unknown" });
    const taken = await wechatpay.refund(part);
    assert.ok(taken.state === "pending" && taken.reference);
    await wait();
    const { reference } = taken;
    assert.deepEqual(await wechatpay.queryRefund(part), { state: "succeeded", reference });
    assert.deepEqual(await wechatpay.refund(part), { state: "succeeded", reference });
    const rest = refundOf(opening, 10_000n, { attempt: 2 });
    assert.equal((await wechatpay.refund(rest)).state, "pending");
    await wait();
    const refunds = () =>
      shop.callbacks.filter(notices(wechatpay, "refund", paymentId)).map((callback) => {
        const read = readBy(wechatpay, callback);
        return read.genuine && read.notice.kind === "refund" ? read.notice : undefined;
      });
    await shop.next(() => refunds().length === 2);
    assert.deepEqual(
      refunds().map((notice) => [notice?.refund, notice?.amountCents, notice?.state]),
      [
        [{ refundId: part.refundId, attempt: 1 }, 2_345n, "succeeded"],
        [{ refundId: rest.refundId, attempt: 2 }, 10_000n, "succeeded"],
      ],
    );
    assert.deepEqual(await wechatpay.query(opening), found);
    assert.equal(shop.callbacks.filter(notices(wechatpay, "paid", paymentId)).length, 1);
  });

  it("refunds once, also if requests or answers are lost", async () => {
    const opening = await pay();
    for (const faults of [{ lose_answers: 1 }, { error_after: 1 }, { wrong_signature: 1 }]) {
      const refund = refundOf(opening, 1_000n);
      await control().faults({ ...QUIET, ...faults });
      await assert.rejects(wechatpay.refund(refund), Outage, JSON.stringify(faults));
      assert.equal((await wechatpay.refund(refund)).state, "pending");
      await wait();
      assert.equal((await wechatpay.queryRefund(refund)).state, "succeeded");
    }
    const { refunds } = await simulators.control.state();
    const own = refunds.filter(({ trade }) => trade === String(opening.paymentId));
    assert.equal(own.length, 3);
  });

  it("gives up a refund's number only after CLOSED, and leaves ABNORMAL to a person", async () => {
    const opening = await pay();
    const closed = refundOf(opening, 1_000n);
    await control().faults({ ...QUIET, refund: "closed" });
    assert.equal((await wechatpay.refund(closed)).state, "pending");
    await wait();
    const proof = await wechatpay.queryRefund(closed);
    assert.ok(proof.state === "failed");
    await control().faults({ ...QUIET, refund: "abnormal" });
    const again = { ...closed, attempt: 2 };
    assert.equal((await wechatpay.refund(again)).state, "pending");
    await wait();
    const abnormal = await wechatpay.queryRefund(again);
    assert.ok(abnormal.state === "person" && abnormal.reference);
    assert.match(abnormal.cause, new RegExp(abnormal.reference));
    await shop.next(
      (one) =>
        notices(wechatpay, "refund", opening.paymentId)(one) && stateOf(one) === "pending ABNORMAL",
    );
    assert.ok(shop.callbacks.some((one) => stateOf(one) === "failed CLOSED"));
    await control().faults({ ...QUIET, refund: "not_enough" });
    const poor = await wechatpay.refund(refundOf(opening, 1n));
    assert.ok(poor.state === "again");
    assert.match(poor.cause, /^NOT_ENOUGH /);
    await control().faults(QUIET);
    const tooMuch = await wechatpay.refund(refundOf(opening, 12_346n));
    assert.ok(tooMuch.state === "person");
    assert.match(tooMuch.cause, /^INVALID_REQUEST /);
    const unpaid = await wechatpay.refund(refundOf(await open(), 1n));
    assert.equal(unpaid.state, "person");
  });

  function stateOf(callback: Shop["callbacks"][number]): string | undefined {
    const read = readBy(wechatpay, callback);
    return read.genuine && read.notice.kind === "refund"
      ? `${read.notice.state} ${read.notice.cause}`
      : undefined;
  }

  it("knows a refund of the console as none of the shop's", async () => {
    const opening = await pay();
    await control().refund(String(opening.paymentId), 345n);
    await wait();
    const callback = await shop.next(notices(wechatpay, "refund", opening.paymentId));
    const read = readBy(wechatpay, callback);
    assert.ok(read.genuine && read.notice.kind === "refund");
    assert.deepEqual([read.notice.refund, read.notice.amountCents], [undefined, 345n]);
    assert.match(read.notice.foreignId ?? "", /^console1@/);
  });

  it("believes no answer that is forged or an error of the provider", async () => {
    const opening = await pay();
    for (const faults of [
      { wrong_signature: 1 },
      { rate_limit: 1 },
      { error: 1 },
      { lose_answers: 1 },
    ]) {
      for (const work of [
        () => wechatpay.open(newOpening()),
        () => wechatpay.query(opening),
        () => wechatpay.close(opening),
        () => wechatpay.refund(refundOf(opening, 1n)),
        () => wechatpay.queryRefund(refundOf(opening, 1n)),
      ]) {
        await control().faults({ ...QUIET, ...faults });
        await assert.rejects(work(), Outage, JSON.stringify(faults));
      }
    }
  });

  it("fails no call although a third of the answers are probes", async () => {
    await control().faults({ signtest_percent: 33 });
    for (let round = 0; round < 10; round += 1) {
      const opening = await open();
      assert.equal((await wechatpay.query(opening)).state, "open");
      assert.equal(await wechatpay.close(opening), "closed");
    }
    await control().faults({ signtest_percent: 100 });
    await assert.rejects(wechatpay.query(newOpening()), /false signatures in a row/);
  });

  it("takes the total of a payment with a coupon, and refuses false notices", async () => {
    const opening = await open();
    const number = String(opening.paymentId);
    await control().pay(number, { coupon: 345 });
    const genuine = await shop.next(notices(wechatpay, "paid", opening.paymentId));
    const read = readBy(wechatpay, genuine);
    assert.ok(read.genuine && read.notice.kind === "paid");
    assert.equal(read.notice.amountCents, 12_345n);
    const verdictOf = async (kind: Parameters<typeof sendFake>[1]) => {
      const fake = readBy(wechatpay, await sendFake(number, kind));
      return fake.genuine ? fake.notice.kind : fake.cause;
    };
    assert.equal(await verdictOf("unsigned"), "signature");
    assert.equal(await verdictOf("wrong_signature"), "signature");
    assert.equal(await verdictOf("other_body"), "signature");
    assert.equal(await verdictOf("signtest"), "probe");
    assert.equal(await verdictOf("stale"), "stale");
    assert.equal(await verdictOf("future"), "stale");
    assert.equal(await verdictOf("merchant"), "merchant");
    assert.equal(await verdictOf("state"), "other");
    assert.equal(await verdictOf("payment"), "not_ours");
    const currency = readBy(wechatpay, await sendFake(number, "currency"));
    assert.ok(currency.genuine && currency.notice.kind === "paid");
    assert.equal(currency.notice.currency, "USD");
  });

  async function sendFake(
    number: string,
    kind: NonNullable<NonNullable<Parameters<ReturnType<typeof control>["send"]>[1]>["kind"]>,
  ) {
    const before = shop.callbacks.length;
    await control().send(number, { kind, as: "other-shop-1" });
    const callback = shop.callbacks[before];
    assert.ok(callback);
    return callback;
  }
});
