import assert from "node:assert/strict";
import { PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { PaymentLogType, PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newId, newKey } from "../../../testbed/orders/fixtures.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import {
  callBack,
  createPayment,
  type NoticeFields,
  noticeOf,
  openPayment,
  paymentNow,
  rowsOf,
  startPayShop,
  unpaidOrder,
  whenPayment,
} from "./pay-shop.ts";

const { CREATED, CALLBACK_ACCEPTED, CALLBACK_REPEATED, CALLBACK_REFUSED, CLOSED } = PaymentLogType;
const { OPEN, SUCCEEDED } = PaymentStatus;
const [ACCEPTED, LATE, IGNORED, REFUSED] = [1, 2, 4, 5];
const SUCCESS = { status: 200, text: "success" };

describe("a callback", function () {
  this.timeout(60_000);
  let shop: Shop;
  before(async () => {
    shop = await startPayShop();
  });
  after(() => shop?.stop());

  const unverified = async () => {
    const [row] = await shop.sql<{ number: bigint; last: bigint }>(
      "pay",
      "select count(*) as number, coalesce(max(callback_id), 0) as last from callbacks where notice_id is null",
    );
    assert.ok(row);
    return row;
  };

  /** Asserts that the payment is open and no event was published. */
  const assertUntouched = async (paymentId: bigint) => {
    const { status, succeeded } = await rowsOf(shop, paymentId);
    assert.deepEqual({ status, succeeded }, { status: OPEN, succeeded: 0 });
  };

  it("from the sandbox pays the payment and its order, once", async () => {
    const { order, payment } = await openPayment(shop);
    await shop.sandbox.pay(payment.paymentId);
    const paid = await whenPayment(shop, payment.paymentId, SUCCEEDED);
    assert.ok(paid.payTime);
    await eventually(async () => {
      const now = await shop.admin.order.getOrder({ orderId: order.orderId });
      assert.equal(now.order?.payStatus, PayStatus.PAID);
    });
    const [notice] = (await shop.sandbox.state()).notices.filter(
      ({ paymentId }) => paymentId === String(payment.paymentId),
    );
    assert.deepEqual([notice?.state, notice?.lastAnswer], ["answered", "200 success"]);
    assert.deepEqual(await rowsOf(shop, payment.paymentId), {
      status: SUCCEEDED,
      succeeded: 1,
      log: [CREATED, CALLBACK_ACCEPTED],
      callbacks: [{ verdict: ACCEPTED, cause: "", repeats: 0 }],
    });
  });

  it("that arrives 10 times at once has one effect and 10 equal answers", async () => {
    const { payment } = await openPayment(shop);
    const notice = noticeOf(payment);
    const answers = await Promise.all(Array.from({ length: 10 }, () => callBack(shop, notice)));
    assert.deepEqual(answers, Array(10).fill(SUCCESS));
    const rows = await rowsOf(shop, payment.paymentId);
    assert.equal(rows.succeeded, 1);
    assert.deepEqual(rows.callbacks, [{ verdict: ACCEPTED, cause: "", repeats: 9 }]);
    assert.equal(rows.log.filter((type) => type === CALLBACK_ACCEPTED).length, 1);
    assert.equal(rows.log.filter((type) => type === CALLBACK_REPEATED).length, 9);
  });

  it("repeated under another notice id has no second effect", async () => {
    const { payment } = await openPayment(shop);
    for (let time = 0; time < 3; time += 1) {
      assert.deepEqual(await callBack(shop, noticeOf(payment)), SUCCESS);
    }
    const rows = await rowsOf(shop, payment.paymentId);
    assert.equal(rows.succeeded, 1);
    assert.deepEqual(
      rows.callbacks.map(({ verdict }) => verdict),
      [ACCEPTED, 3, 3],
    );
  });

  it("that overtakes the commit of its payment is refused, and taken when repeated", async () => {
    const { payment } = await openPayment(shop);
    const early = { ...payment, paymentId: payment.paymentId + 1n, providerTradeId: newKey() };
    const notice = noticeOf(early);
    assert.deepEqual(await callBack(shop, notice), { status: 404, text: "failure" });
    const [unknown] = await shop.sql(
      "pay",
      "select verdict, cause from callbacks where notice_id = ?",
      [notice.notice_id],
    );
    assert.deepEqual({ ...unknown }, { verdict: REFUSED, cause: "unknown_payment" });
    // The row that CreatePayment commits before the provider has answered.
    await shop.sql(
      "pay",
      `insert into payments (payment_id, order_id, user_id, provider, status, amount_cents, currency,
         return_url, next_check) values (?, ?, ?, 'sandbox', 1, ?, 'EUR', '', now(3) + interval 1 hour)`,
      [early.paymentId, payment.orderId + 1n, payment.userId, payment.amountCents],
    );
    assert.deepEqual(await callBack(shop, notice), SUCCESS);
    const rows = await rowsOf(shop, early.paymentId);
    assert.equal(rows.succeeded, 1);
    assert.deepEqual(rows.callbacks, [{ verdict: ACCEPTED, cause: "", repeats: 1 }]);
    const now = await paymentNow(shop, early.paymentId);
    assert.equal(now.providerTradeId, early.providerTradeId);
  });

  it("for a closed payment is taken as late, and the money is refunded", async () => {
    const { order, payment, shopper } = await openPayment(shop);
    const { paymentId } = payment;
    await shopper.as.order.cancelOrder({ orderId: order.orderId });
    await whenPayment(shop, paymentId, PaymentStatus.CLOSED);
    assert.deepEqual(await callBack(shop, noticeOf(payment)), SUCCESS);
    const { callbacks, succeeded, log } = await rowsOf(shop, paymentId);
    assert.deepEqual(callbacks, [{ verdict: LATE, cause: "", repeats: 0 }]);
    assert.equal(succeeded, 1);
    assert.deepEqual(log.slice(0, 3), [CREATED, CLOSED, CALLBACK_ACCEPTED]);
    await eventually(async () => {
      const [refund] = await shop.sql(
        "pay",
        "select amount_cents from refunds where payment_id = ?",
        [paymentId],
      );
      assert.equal(refund?.amount_cents, payment.amountCents);
    });
  });

  it("after a refund changes nothing", async () => {
    const { order, payment } = await openPayment(shop);
    await shop.sandbox.pay(payment.paymentId);
    await eventually(async () => {
      const now = await shop.admin.order.getOrder({ orderId: order.orderId });
      assert.equal(now.order?.payStatus, PayStatus.PAID);
    });
    await shop.admin.order.refundOrder({ orderId: order.orderId, requestId: newKey() });
    await whenPayment(shop, payment.paymentId, PaymentStatus.REFUNDED);
    assert.deepEqual(await callBack(shop, noticeOf(payment)), SUCCESS);
    const { status, succeeded } = await rowsOf(shop, payment.paymentId);
    assert.deepEqual({ status, succeeded }, { status: PaymentStatus.REFUNDED, succeeded: 1 });
  });

  it("about an unknown payment is acknowledged once it has been repeated for 10 minutes", async () => {
    const { payment } = await openPayment(shop);
    const unknown = { ...payment, paymentId: newId(), providerTradeId: newKey() };
    const notice = noticeOf(unknown);
    const age = (minutes: number) =>
      shop.sql(
        "pay",
        "update callbacks set first_time = now(3) - interval ? minute where notice_id = ?",
        [minutes, notice.notice_id],
      );
    const failure = { status: 404, text: "failure" };
    assert.deepEqual(await callBack(shop, notice), failure);
    await age(9);
    assert.deepEqual(await callBack(shop, notice), failure);
    await age(11);
    assert.deepEqual(await callBack(shop, notice), SUCCESS);
    // It has still no effect, and is kept for an operator.
    const [row] = await shop.sql(
      "pay",
      "select verdict, cause, repeats from callbacks where notice_id = ?",
      [notice.notice_id],
    );
    assert.deepEqual({ ...row }, { verdict: REFUSED, cause: "unknown_payment", repeats: 2 });
  });

  it("about another event is stored and acknowledged, and changes nothing", async () => {
    const { payment } = await openPayment(shop);
    const answer = await callBack(shop, noticeOf(payment, { type: "payment.pending" }));
    assert.deepEqual(answer, SUCCESS);
    await assertUntouched(payment.paymentId);
    const { callbacks } = await rowsOf(shop, payment.paymentId);
    assert.deepEqual(callbacks, [{ verdict: IGNORED, cause: "", repeats: 0 }]);
  });

  const forged: [which: string, send: (notice: NoticeFields) => Promise<object>, cause: string][] =
    [
      ["without a signature", (notice) => callBack(shop, notice, { headers: {} }), "signature"],
      [
        "signed with another secret",
        (notice) => callBack(shop, notice, { secret: "guess" }),
        "signature",
      ],
      ["signed 6 minutes ago", (notice) => callBack(shop, notice, { ageMs: 360_000 }), "stale"],
      ["signed 6 minutes ahead", (notice) => callBack(shop, notice, { ageMs: -360_000 }), "stale"],
    ];
  for (const [which, send, cause] of forged) {
    it(`${which} is answered with 401 and stored, and changes nothing`, async () => {
      const { payment } = await openPayment(shop);
      const before = await unverified();
      assert.deepEqual(await send(noticeOf(payment)), { status: 401, text: "failure" });
      const after = await unverified();
      assert.equal(after.number, before.number + 1n);
      const [row] = await shop.sql(
        "pay",
        "select verdict, cause, reason, payment_id, length(body) as length from callbacks where callback_id = ?",
        [after.last],
      );
      const { length, ...stored } = row ?? {};
      assert.deepEqual(stored, { verdict: REFUSED, cause, reason: 502, payment_id: null });
      assert.ok(Number(length) > 0);
      await assertUntouched(payment.paymentId);
    });
  }

  it("with the signature of another body is refused", async () => {
    const { payment } = await openPayment(shop);
    await shop.sandbox.pay(payment.paymentId);
    const { payment: other } = await openPayment(shop);
    const answers = await shop.sandbox.send(payment.paymentId, { kind: "other_body", times: 2 });
    assert.deepEqual(answers, ["401 failure", "401 failure"]);
    await assertUntouched(other.paymentId);
  });

  it("that is not verified is stored with 4 KiB of its body", async () => {
    assert.equal((await callBack(shop, "x".repeat(60_000), { headers: {} })).status, 401);
    const [row] = await shop.sql(
      "pay",
      "select length(body) as length from callbacks where notice_id is null order by callback_id desc limit 1",
    );
    assert.equal(Number(row?.length), 4_096);
  });

  const wrong: [what: string, changes: Partial<NoticeFields>, cause: string, reason: number][] = [
    ["a cent more", { amount_cents: "2001" }, "amount", 503],
    ["a cent less", { amount_cents: "1999" }, "amount", 503],
    ["another currency", { currency: "USD" }, "currency", 503],
    ["another trade", { trade_id: "sb-other" }, "trade", 500],
  ];
  for (const [what, changes, cause, reason] of wrong) {
    it(`with a valid signature and ${what} is refused and stored, and changes nothing`, async () => {
      const { payment } = await openPayment(shop);
      assert.equal(payment.amountCents, 2_000n);
      const notice = noticeOf(payment, changes);
      for (let time = 0; time < 2; time += 1) {
        assert.deepEqual(await callBack(shop, notice), { status: 400, text: "failure" });
      }
      await assertUntouched(payment.paymentId);
      const { callbacks, log } = await rowsOf(shop, payment.paymentId);
      assert.deepEqual(callbacks, [{ verdict: REFUSED, cause, repeats: 1 }]);
      assert.deepEqual(log, [CREATED, CALLBACK_REFUSED, CALLBACK_REFUSED]);
      const [row] = await shop.sql("pay", "select reason from callbacks where notice_id = ?", [
        notice.notice_id,
      ]);
      assert.equal(row?.reason, reason);
    });
  }

  it("with a valid signature and another merchant is refused, and stored as unverified", async () => {
    const { payment } = await openPayment(shop);
    const notice = noticeOf(payment, { merchant_id: "another-shop" });
    assert.deepEqual(await callBack(shop, notice), { status: 400, text: "failure" });
    await assertUntouched(payment.paymentId);
    const [row] = await shop.sql(
      "pay",
      "select cause, reason from callbacks where notice_id is null order by callback_id desc limit 1",
    );
    assert.deepEqual({ ...row }, { cause: "merchant", reason: 500 });
  });

  it("that names one payment with the trade of another is refused for both", async () => {
    const [first, second] = [await openPayment(shop), await openPayment(shop)];
    const { providerTradeId } = first.payment;
    const notice = noticeOf(second.payment, { trade_id: providerTradeId });
    assert.equal((await callBack(shop, notice)).status, 400);
    await assertUntouched(first.payment.paymentId);
    await assertUntouched(second.payment.paymentId);
  });

  it("with the trade of another payment is refused, also if its own has no trade yet", async () => {
    const [first, second, third] = [
      await openPayment(shop),
      await openPayment(shop),
      await openPayment(shop),
    ];
    const { providerTradeId } = first.payment;
    await shop.sql("pay", "update payments set provider_trade_id = null where payment_id in (?)", [
      [second, third].map(({ payment }) => payment.paymentId),
    ]);
    const wrong = noticeOf(second.payment, { trade_id: providerTradeId });
    const answers = await Promise.all(
      [wrong, noticeOf(third.payment), wrong].map((notice) => callBack(shop, notice)),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [400, 200, 400],
    );
    await assertUntouched(first.payment.paymentId);
    await assertUntouched(second.payment.paymentId);
    const taken = await paymentNow(shop, third.payment.paymentId);
    assert.equal(taken.status, PaymentStatus.SUCCEEDED);
    assert.equal(taken.providerTradeId, third.payment.providerTradeId);
  });

  it("with a valid signature and an unreadable body is refused as malformed", async () => {
    for (const body of ["", "{", "[]", "payment=1", "\u0000"]) {
      assert.equal((await callBack(shop, body)).status, 400, body);
    }
    const [row] = await shop.sql(
      "pay",
      "select cause from callbacks where notice_id is null order by callback_id desc limit 1",
    );
    assert.equal(row?.cause, "malformed");
  });

  it("that contradicts an accepted notice with the same id leaves its row as it is", async () => {
    const { payment } = await openPayment(shop);
    const notice = noticeOf(payment);
    assert.deepEqual(await callBack(shop, notice), SUCCESS);
    assert.equal((await callBack(shop, { ...notice, amount_cents: "1" })).status, 400);
    const { callbacks } = await rowsOf(shop, payment.paymentId);
    assert.deepEqual(callbacks, [
      { verdict: ACCEPTED, cause: "", repeats: 0 },
      { verdict: REFUSED, cause: "amount", repeats: 0 },
    ]);
  });

  it("for an unknown provider is answered with 404", async () => {
    const response = await fetch(`${shop.gatewayUrl}/pay/callback/moneybox`, { method: "POST" });
    assert.equal(response.status, 404);
  });

  it("is taken amid 100 forged ones", async () => {
    const unpaid = await unpaidOrder(shop);
    const payment = await createPayment(unpaid);
    const forgeries = Array.from({ length: 100 }, () =>
      callBack(shop, noticeOf(payment), { secret: "guess" }),
    );
    const [genuine, ...answers] = await Promise.all([
      callBack(shop, noticeOf(payment)),
      ...forgeries,
    ]);
    assert.deepEqual(genuine, SUCCESS);
    assert.ok(answers.every(({ status }) => status === 401));
    assert.equal((await rowsOf(shop, payment.paymentId)).succeeded, 1);
  });
});
