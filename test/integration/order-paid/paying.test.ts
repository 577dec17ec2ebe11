import assert from "node:assert/strict";
import { OrderStatus, PayStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newId } from "../../../testbed/orders/fixtures.ts";
import { ORDER_CENTS } from "../../../testbed/orders/shoppers.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { PAY_CENTS, type Payer, startPayer } from "./payer.ts";

describe("an order and its payments", () => {
  let shop: Shop;
  let payer: Payer;
  before(async function () {
    this.timeout(60_000);
    shop = await startShop({ services: ["goods", "coupon", "user", "order"] });
    payer = await startPayer(shop);
  });
  after(async () => {
    await payer?.close();
    await shop?.stop();
  });

  const eventsOf = (orderId: bigint, fact: string) =>
    shop.sql("order", "select event_id from outbox where order_id = ? and fact = ?", [
      orderId,
      fact,
    ]);

  it("is paid by its payment's event, earns points and records it in the history", async () => {
    const { shopper, order, paymentId } = await payer.paidOrder();
    assert.ok(order.payTime);
    assert.equal(order.orderStatus, OrderStatus.CONFIRMED);
    const spent = ORDER_CENTS - order.couponPaidCents;
    await eventually(async () => {
      assert.equal((await shopper.possessions()).points, spent / 100n);
    });
    const { entries } = await shopper.as.order.listOrderHistory({ orderId: order.orderId });
    const last = entries.at(-1);
    assert.equal(last?.payStatus, PayStatus.PAID);
    assert.equal(last?.actor, "service:pay");
    assert.equal(last?.cause, "pay.v1.succeeded");
    assert.match(last?.detail ?? "", new RegExp(String(paymentId)));
  });

  it("is paid once, however often and under however many events the payment arrives", async () => {
    const { order } = await payer.unpaidOrder();
    const paymentId = newId();
    const eventId = newId();
    for (let time = 0; time < 50; time += 1) await payer.pay(order, { paymentId, eventId });
    for (let time = 0; time < 50; time += 1) await payer.pay(order, { paymentId });
    await payer.when(order, ({ payStatus }) => payStatus === PayStatus.PAID);
    const { order: other } = await payer.paidOrder();
    assert.ok(other);
    assert.equal((await eventsOf(order.orderId, "order.v1.paid")).length, 1);
    assert.equal((await payer.read(order)).refunds.length, 0);
  });

  it("refunds a payment that succeeded after the cancellation, once", async () => {
    const { order } = await payer.unpaidOrder();
    await shop.admin.order.cancelOrder({ orderId: order.orderId });
    const paymentId = newId();
    await payer.pay(order, { paymentId });
    await payer.pay(order, { paymentId });
    const late = await payer.when(order, ({ refunds }) => refunds.length > 0);
    assert.equal(late.orderStatus, OrderStatus.CANCELLED);
    assert.deepEqual(
      late.refunds.map(({ payAmountCents, balanceCents, lines }) => [
        payAmountCents,
        balanceCents,
        lines,
      ]),
      [[PAY_CENTS, 0n, []]],
    );
    await payer.finishRefunds(order);
    const done = await payer.when(
      order,
      ({ refunds }) => refunds[0]?.status === RefundStatus.SUCCEEDED,
    );
    assert.equal(done.orderStatus, OrderStatus.CANCELLED);
    assert.equal(done.payStatus, PayStatus.UNPAID);
    assert.equal((await eventsOf(order.orderId, "order.v1.refund_requested")).length, 1);
    assert.equal((await eventsOf(order.orderId, "order.v1.refunded")).length, 0);
  });

  it("refunds a second payment of a paid order and stays paid by the first", async () => {
    const { order } = await payer.paidOrder();
    await payer.pay(order);
    const twice = await payer.when(order, ({ refunds }) => refunds.length === 1);
    assert.equal(twice.payStatus, PayStatus.PAID);
    await payer.finishRefunds(order);
    const done = await payer.when(
      order,
      ({ refunds }) => refunds[0]?.status === RefundStatus.SUCCEEDED,
    );
    assert.equal(done.payStatus, PayStatus.PAID);
    assert.equal(done.orderStatus, OrderStatus.CONFIRMED);
  });

  it("refunds a payment of another amount and stays unpaid", async () => {
    const { order } = await payer.unpaidOrder();
    await payer.pay(order, { amountCents: order.payAmountCents - 1n });
    const wrong = await payer.when(order, ({ refunds }) => refunds.length === 1);
    assert.equal(wrong.payStatus, PayStatus.UNPAID);
    assert.equal(wrong.refunds[0]?.payAmountCents, PAY_CENTS - 1n);
  });

  it("is cancelled or paid when both happen at once, and a lost payment is refunded", async function () {
    this.timeout(60_000);
    const rounds = Array.from({ length: 20 }, async () => {
      const { order } = await payer.unpaidOrder();
      const cancelling = shop.admin.order.cancelOrder({ orderId: order.orderId }).then(
        () => true,
        () => false,
      );
      await payer.pay(order);
      const cancelled = await cancelling;
      const end = await payer.when(order, ({ payStatus, refunds }) => {
        return payStatus === PayStatus.PAID || refunds.length === 1;
      });
      assert.equal(end.orderStatus, cancelled ? OrderStatus.CANCELLED : OrderStatus.CONFIRMED);
      assert.equal(end.payStatus, cancelled ? PayStatus.UNPAID : PayStatus.PAID);
      assert.equal(end.refunds.length, cancelled ? 1 : 0);
    });
    await Promise.all(rounds);
  });
});
