import assert from "node:assert/strict";
import { PayStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import { type Payment, PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newKey } from "../../../testbed/orders/fixtures.ts";
import { crash } from "../../../testbed/shop/crashes.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import {
  atProvider,
  callBackUntilTaken,
  createPayment,
  noticeOf,
  openPayment,
  rowsOf,
  startPayShop,
  type Unpaid,
  unpaidOrder,
  whenPayment,
} from "./pay-shop.ts";

const around = (name: string) => [`begin:${name}`, `commit.before:${name}`, `commit.after:${name}`];
const PAY = "shop.pay.v1.PayService";

describe("the pay service, killed at any step", function () {
  this.timeout(90_000);
  let shop: Shop;
  before(async () => {
    shop = await startPayShop();
  });
  after(() => shop?.stop());
  afterEach(() => shop.sandbox.faults());

  const dieAt = async (point: string, act: () => Promise<unknown>, env = {}) => {
    await crash(shop, { service: "pay", point, act, env });
    await shop.restart("pay");
  };
  const orderOf = async (orderId: bigint) => {
    const { order } = await shop.admin.order.getOrder({ orderId });
    assert.ok(order);
    return order;
  };

  /** Asserts that payment and order are paid exactly once, in the shop and at the provider. */
  const assertPaid = async (payment: Payment) => {
    await whenPayment(shop, payment.paymentId, PaymentStatus.SUCCEEDED);
    await eventually(async () => {
      const { payStatus, refunds } = await orderOf(payment.orderId);
      assert.deepEqual({ payStatus, refunds }, { payStatus: PayStatus.PAID, refunds: [] });
    });
    assert.equal((await rowsOf(shop, payment.paymentId)).succeeded, 1);
    const { payments } = await shop.admin.pay.listPayments({ orderId: payment.orderId });
    assert.equal(payments.length, 1);
    assert.equal(
      (await atProvider(shop, payment.paymentId)).payment?.amountCents,
      payment.amountCents,
    );
  };

  const payIn = async (unpaid: Unpaid) => {
    const payment = await eventually(() => createPayment(unpaid));
    await shop.sandbox.pay(payment.paymentId);
    await assertPaid(payment);
    return payment;
  };

  for (const point of [
    "rpc.after:shop.order.v1.OrderService/GetOrder",
    ...around("create-payment"),
    ...around("store-checkout"),
    `serve.after:${PAY}/CreatePayment`,
  ]) {
    it(`starts one payment if CreatePayment is repeated after a crash at ${point}`, async () => {
      const unpaid = await unpaidOrder(shop);
      await dieAt(point, () => createPayment(unpaid));
      await payIn(unpaid);
    });
  }

  for (const point of [
    ...around("take-payments"),
    `serve.after:${PAY}/HandleCallback`,
    "publish.before:pay.v1.succeeded",
    "publish.after:pay.v1.succeeded",
  ]) {
    it(`pays a payment once if its callback meets a crash at ${point}`, async () => {
      const { payment } = await openPayment(shop);
      await dieAt(point, () => shop.sandbox.pay(payment.paymentId));
      await assertPaid(payment);
    });
  }

  for (const point of around("handle-callback")) {
    it(`pays a payment once if a repeated callback meets a crash at ${point}`, async () => {
      const { payment } = await openPayment(shop);
      await shop.sandbox.pay(payment.paymentId);
      await assertPaid(payment);
      await dieAt(point, () => callBackUntilTaken(shop, noticeOf(payment)));
      await assertPaid(payment);
    });
  }

  for (const point of around("accept-payment")) {
    it(`pays a payment once if a query without callback meets a crash at ${point}`, async () => {
      const frequent = { SHOP_PAYMENT_QUERY_MS: "200" };
      await shop.restart("pay", frequent);
      const { payment } = await openPayment(shop);
      await shop.sandbox.faults({ drop: 1_000 });
      await dieAt(point, () => shop.sandbox.pay(payment.paymentId), frequent);
      await assertPaid(payment);
    });
  }

  for (const point of [
    ...around("close-cancelled"),
    "ack.before:pay_order_v1_cancelled",
    ...around("close-payment"),
  ]) {
    it(`closes the payment of a cancelled order after a crash at ${point}`, async () => {
      const { shopper, order, payment } = await openPayment(shop);
      const { orderId } = order;
      await dieAt(point, () => shopper.as.order.cancelOrder({ orderId }));
      await whenPayment(shop, payment.paymentId, PaymentStatus.CLOSED);
      assert.equal((await atProvider(shop, payment.paymentId)).payment?.state, "closed");
    });
  }

  for (const point of [
    ...around("request-refunds"),
    "ack.before:pay_order_v1_refund_requested",
    "provider.before:sandbox.refund",
    "provider.after:sandbox.refund",
    ...around("settle-refund"),
    "publish.before:pay.v1.refunded",
    "publish.after:pay.v1.refunded",
  ]) {
    it(`refunds the money once after a crash at ${point}`, async () => {
      const payment = await payIn(await unpaidOrder(shop));
      const { orderId, amountCents } = payment;
      const request = { orderId, requestId: newKey() };
      await dieAt(point, () => shop.admin.order.refundOrder(request));
      await whenPayment(shop, payment.paymentId, PaymentStatus.REFUNDED);
      const known = await atProvider(shop, payment.paymentId);
      assert.equal(known.payment?.refundedCents, amountCents);
      assert.equal(known.refunds.length, 1);
      await eventually(async () => {
        const { refunds } = await orderOf(orderId);
        assert.deepEqual(
          refunds.map(({ status }) => status),
          [RefundStatus.SUCCEEDED],
        );
      });
    });
  }

  it("refunds the money once after a crash while it stores a refusal", async () => {
    const payment = await payIn(await unpaidOrder(shop));
    await shop.sandbox.faults({ refuse_refunds: true });
    const request = { orderId: payment.orderId, requestId: newKey() };
    await dieAt("commit.before:settle-refund", () => shop.admin.order.refundOrder(request));
    await shop.sandbox.faults();
    await whenPayment(shop, payment.paymentId, PaymentStatus.REFUNDED);
    assert.equal(
      (await atProvider(shop, payment.paymentId)).payment?.refundedCents,
      payment.amountCents,
    );
  });
});
