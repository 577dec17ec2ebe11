import assert from "node:assert/strict";
import { RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import { type Payment, PaymentLogType, PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { type EventPublisher, eventPublisher } from "../../../testbed/orders/events.ts";
import { newId, newKey } from "../../../testbed/orders/fixtures.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import {
  atProvider,
  openPayment,
  paymentNow,
  rowsOf,
  startPayShop,
  whenPayment,
} from "./pay-shop.ts";

const { SUCCEEDED, PARTIALLY_REFUNDED, REFUNDED } = PaymentStatus;
const { REFUND_REQUESTED, REFUND_SUCCEEDED, REFUND_FAILED } = PaymentLogType;

describe("refunds", function () {
  this.timeout(60_000);
  let shop: Shop;
  let events: EventPublisher;
  before(async () => {
    shop = await startPayShop();
    events = await eventPublisher(shop);
  });
  after(async () => {
    await events?.close();
    await shop?.stop();
  });
  afterEach(() => shop.sandbox.faults());

  const paid = async () => {
    const { payment } = await openPayment(shop);
    await shop.sandbox.pay(payment.paymentId);
    return whenPayment(shop, payment.paymentId, SUCCEEDED);
  };
  const request = (
    { orderId, userId, paymentId }: Payment,
    refundId: bigint,
    payAmountCents: bigint,
  ) =>
    events.publishMessage("order.v1.refund_requested", {
      orderId,
      userId,
      refundId,
      paymentId,
      payAmountCents,
    });
  const refundedEvents = (paymentId: bigint) =>
    shop.sql(
      "pay",
      `select event_id from outbox where fact = 'pay.v1.refunded'
       and order_id = (select order_id from payments where payment_id = ?)`,
      [paymentId],
    );

  it("go through the provider in parts, up to the whole payment", async () => {
    const payment = await paid();
    const { paymentId } = payment;
    await request(payment, newId(), 700n);
    const part = await whenPayment(shop, paymentId, PARTIALLY_REFUNDED);
    assert.equal(part.refundedCents, 700n);
    await request(payment, newId(), 1_300n);
    const whole = await whenPayment(shop, paymentId, REFUNDED);
    assert.equal(whole.refundedCents, 2_000n);
    assert.equal((await atProvider(shop, paymentId)).payment?.refundedCents, 2_000n);
    assert.equal((await refundedEvents(paymentId)).length, 2);
    const { log } = await rowsOf(shop, paymentId);
    const refunds = log.filter((type) => type >= REFUND_REQUESTED);
    const once = [REFUND_REQUESTED, REFUND_SUCCEEDED];
    assert.deepEqual(refunds, [...once, ...once]);
  });

  it("are carried out once, however many events request them", async () => {
    const payment = await paid();
    const refundId = newId();
    await Promise.all(Array.from({ length: 10 }, () => request(payment, refundId, 500n)));
    await whenPayment(shop, payment.paymentId, PARTIALLY_REFUNDED);
    await request(payment, refundId, 500n);
    const last = newId();
    await request(payment, last, 100n);
    await eventually(async () => {
      assert.equal((await paymentNow(shop, payment.paymentId)).refundedCents, 600n);
    });
    assert.equal((await atProvider(shop, payment.paymentId)).refunds.length, 2);
    assert.equal((await refundedEvents(payment.paymentId)).length, 2);
  });

  it("never exceed the payment: a request that would is parked", async () => {
    const payment = await paid();
    await request(payment, newId(), 1_999n);
    await whenPayment(shop, payment.paymentId, PARTIALLY_REFUNDED);
    const before = await shop.sql("pay", "select message_key from parked_messages");
    await request(payment, newId(), 2n);
    await eventually(async () => {
      const now = await shop.sql("pay", "select error from parked_messages order by first_time");
      assert.equal(now.length, before.length + 1);
      assert.match(String(now.at(-1)?.error), /would be 2001 cents of 2000/);
    });
    assert.equal((await paymentNow(shop, payment.paymentId)).refundedCents, 1_999n);
    assert.equal((await atProvider(shop, payment.paymentId)).payment?.refundedCents, 1_999n);
    await assert.rejects(
      shop.sql("pay", "update payments set refund_requested_cents = 2001 where payment_id = ?", [
        payment.paymentId,
      ]),
      /payment_refunds/,
    );
  });

  it("are retried under the same number while the provider does not answer", async () => {
    const payment = await paid();
    await shop.sandbox.faults({ lose_answers: 3 });
    await request(payment, newId(), 2_000n);
    await whenPayment(shop, payment.paymentId, REFUNDED);
    const { refunds } = await atProvider(shop, payment.paymentId);
    assert.equal(refunds.length, 1);
    assert.equal((await refundedEvents(payment.paymentId)).length, 1);
  });

  it("are retried after the provider refused them, with a log entry", async () => {
    const payment = await paid();
    const refundId = newId();
    await shop.sandbox.faults({ refuse_refunds: true });
    await request(payment, refundId, 2_000n);
    await eventually(async () => {
      const [row] = await shop.sql<{ status: number; attempt: number }>(
        "pay",
        "select status, attempt from refunds where refund_id = ?",
        [refundId],
      );
      assert.equal(row?.status, RefundStatus.FAILED);
      assert.ok((row?.attempt ?? 0) >= 3);
    });
    await shop.sandbox.faults();
    await whenPayment(shop, payment.paymentId, REFUNDED);
    const { log } = await rowsOf(shop, payment.paymentId);
    const refunds = log.filter((type) => type >= REFUND_REQUESTED);
    assert.deepEqual(refunds, [REFUND_REQUESTED, REFUND_FAILED, REFUND_SUCCEEDED]);
    const { payment: known } = await atProvider(shop, payment.paymentId);
    assert.equal(known?.refundedCents, 2_000n);
  });

  it("requested by RefundOrder succeed at the provider and in the order", async () => {
    const payment = await paid();
    const { orderId } = payment;
    const refund = () => shop.admin.order.refundOrder({ orderId, requestId: newKey() });
    await eventually(refund);
    await eventually(async () => {
      const { order } = await shop.admin.order.getOrder({ orderId });
      assert.deepEqual(
        order?.refunds.map(({ status }) => status),
        [RefundStatus.SUCCEEDED],
      );
    });
    const { payment: known } = await atProvider(shop, payment.paymentId);
    assert.equal(known?.refundedCents, 2_000n);
  });
});
