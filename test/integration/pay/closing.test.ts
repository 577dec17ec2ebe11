import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { OrderStatusSchema, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import {
  ClosePaymentsOutcome,
  ClosePaymentsOutcomeSchema,
  PaymentLogType,
  PaymentStatus,
  PaymentStatusSchema,
} from "#proto/shop/pay/v1/pay_pb.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newId } from "../../../testbed/orders/fixtures.ts";
import { startReplica } from "../../../testbed/shop/replica.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import {
  atProvider,
  callBack,
  createPayment,
  noticeOf,
  openPayment,
  paymentNow,
  rowsOf,
  startPayShop,
  unpaidOrder,
  whenPayment,
} from "./pay-shop.ts";

const { OPEN, SUCCEEDED, CLOSED } = PaymentStatus;

describe("closing payments", function () {
  this.timeout(60_000);
  let shop: Shop;
  before(async () => {
    shop = await startPayShop();
  });
  after(() => shop?.stop());
  afterEach(() => shop.sandbox.faults());

  const close = async (...orderIds: bigint[]) => {
    const { results } = await shop.service("order").pay.closePayments({ orderIds });
    assert.deepEqual(
      results.map(({ orderId }) => orderId),
      orderIds,
    );
    return results.map(({ outcome }) => ClosePaymentsOutcomeSchema.value[outcome]?.localName);
  };
  const stateAtProvider = async (paymentId: bigint) =>
    (await atProvider(shop, paymentId)).payment?.state;

  it("closes an open payment at the provider and starts no other, each time it is called", async () => {
    const opened = await openPayment(shop);
    const { orderId, paymentId } = opened.payment;
    assert.deepEqual(await close(orderId), ["CLOSED"]);
    assert.deepEqual(await close(orderId), ["CLOSED"]);
    assert.equal(await stateAtProvider(paymentId), "closed");
    const { log, status } = await rowsOf(shop, paymentId);
    assert.equal(status, CLOSED);
    assert.deepEqual(log, [PaymentLogType.CREATED, PaymentLogType.CLOSED]);
    await refused(
      opened.shopper.as.pay.createPayment({
        orderId,
        provider: "sandbox",
        returnUrl: "http://localhost/",
      }),
      Reason.ORDER_STATE_INVALID,
    );
  });

  it("finds a payment that was paid at the provider, and takes it as paid", async () => {
    const { payment } = await openPayment(shop);
    await shop.sandbox.faults({ delay_ms: 3_600_000 });
    await shop.sandbox.pay(payment.paymentId);
    assert.deepEqual(await close(payment.orderId), ["PAID"]);
    assert.deepEqual(await close(payment.orderId), ["PAID"]);
    const { status, succeeded } = await rowsOf(shop, payment.paymentId);
    assert.deepEqual({ status, succeeded }, { status: SUCCEEDED, succeeded: 1 });
    await eventually(async () => {
      const { order } = await shop.admin.order.getOrder({ orderId: payment.orderId });
      assert.equal(order?.payStatus, PayStatus.PAID);
    });
  });

  it("answers UNKNOWN while the provider is away, and completes later", async () => {
    const { payment } = await openPayment(shop);
    const { order } = await unpaidOrder(shop);
    await shop.sandbox.faults({ down: true });
    const orderIds = [payment.orderId, order.orderId, newId()];
    assert.deepEqual(await close(...orderIds), ["UNKNOWN", "CLOSED", "CLOSED"]);
    assert.equal((await paymentNow(shop, payment.paymentId)).status, OPEN);
    await shop.sandbox.faults();
    await whenPayment(shop, payment.paymentId, CLOSED);
    assert.deepEqual(await close(...orderIds), ["CLOSED", "CLOSED", "CLOSED"]);
  });

  it("answers within its deadline while the provider hangs", async () => {
    const { payment } = await openPayment(shop);
    await shop.sandbox.faults({ slow_ms: 20_000 });
    const { results } = await shop
      .service("order")
      .pay.closePayments({ orderIds: [payment.orderId] }, { deadlineMs: Date.now() + 2_000 });
    assert.equal(results[0]?.outcome, ClosePaymentsOutcome.UNKNOWN);
  });

  it("closes a payment that was never opened at the provider, and opens it no more", async () => {
    const unpaid = await unpaidOrder(shop);
    const { orderId } = unpaid.order;
    await shop.sandbox.faults({ down: true });
    await assert.rejects(createPayment(unpaid));
    await shop.sandbox.faults();
    assert.deepEqual(await close(orderId), ["CLOSED"]);
    const [payment] = (await shop.admin.pay.listPayments({ orderId })).payments;
    assert.equal(payment?.status, CLOSED);
    await refused(createPayment(unpaid), Reason.ORDER_STATE_INVALID);
    assert.equal(await stateAtProvider(payment.paymentId), undefined);
  });

  it("accepts 1 to 200 orders, repetitions included", async () => {
    const { payment } = await openPayment(shop);
    const ids = Array.from({ length: 198 }, () => newId());
    const outcomes = await close(payment.orderId, ...ids, payment.orderId);
    assert.deepEqual(new Set(outcomes), new Set(["CLOSED"]));
    await refused(close(), Reason.INVALID_ARGUMENT);
    await refused(close(...ids, ...ids), Reason.INVALID_ARGUMENT);
    await refused(close(0n), Reason.INVALID_ARGUMENT);
  });

  it("follows a cancelled order, even if the provider is away at first", async () => {
    const { shopper, order, payment } = await openPayment(shop);
    await shop.sandbox.faults({ down: true });
    await shopper.as.order.cancelOrder({ orderId: order.orderId });
    await eventually(async () => {
      const [row] = await shop.sql("pay", "select closing from payments where payment_id = ?", [
        payment.paymentId,
      ]);
      assert.equal(row?.closing, 1);
    });
    await shop.sandbox.faults();
    await whenPayment(shop, payment.paymentId, CLOSED);
    assert.equal(await stateAtProvider(payment.paymentId), "closed");
  });

  it("has one winner against paying, and refunds the money if the cancellation wins", async () => {
    const rounds = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const { shopper, order, payment } = await openPayment(shop);
        const { orderId } = order;
        await Promise.all([
          shop.sandbox.pay(payment.paymentId).catch(() => {}),
          shopper.as.order.cancelOrder({ orderId }).catch(() => {}),
        ]);
        return { orderId, paymentId: payment.paymentId };
      }),
    );
    for (const { orderId, paymentId } of rounds) {
      await eventually(async () => {
        const { order } = await shop.admin.order.getOrder({ orderId });
        const { status } = await paymentNow(shop, paymentId);
        const ending = [
          OrderStatusSchema.value[order?.orderStatus ?? 0]?.localName,
          PaymentStatusSchema.value[status]?.localName,
        ].join(" ");
        assert.match(ending, /^(CONFIRMED SUCCEEDED|CANCELLED (CLOSED|REFUNDED))$/);
        const { payment } = await atProvider(shop, paymentId);
        const kept =
          (payment?.state === "paid" ? payment.amountCents : 0n) - (payment?.refundedCents ?? 0n);
        assert.equal(kept > 0n, order?.payStatus === PayStatus.PAID);
      });
    }
  });
});

describe("a payment without a callback", function () {
  this.timeout(60_000);
  let shop: Shop;
  before(async () => {
    shop = await startPayShop({ SHOP_PAYMENT_QUERY_MS: "300" });
  });
  after(() => shop?.stop());
  afterEach(() => shop.sandbox.faults());

  it("is found by a query, once, by two replicas", async () => {
    const replica = await startReplica(shop, "pay", {
      SHOP_PAYMENT_QUERY_MS: "300",
      SHOP_SANDBOX_URL: shop.sandbox.url,
      SHOP_CALLBACK_URL: `${shop.gatewayUrl}/pay/callback`,
    });
    try {
      await shop.sandbox.faults({ drop: 1_000 });
      const payments = await Promise.all(
        Array.from({ length: 10 }, async () => (await openPayment(shop)).payment),
      );
      for (const { paymentId } of payments) await shop.sandbox.pay(paymentId);
      for (const { paymentId } of payments) {
        await whenPayment(shop, paymentId, SUCCEEDED);
        const { succeeded, log } = await rowsOf(shop, paymentId);
        assert.equal(succeeded, 1);
        assert.equal(log.filter((type) => type === PaymentLogType.CALLBACK_ACCEPTED).length, 1);
      }
    } finally {
      await replica.stop();
    }
  });

  it("is queried with growing pauses while it is open", async () => {
    const { payment } = await openPayment(shop);
    const checks = async () => {
      const [row] = await shop.sql<{ checks: number; ahead: bigint }>(
        "pay",
        `select checks, timestampdiff(microsecond, now(3), next_check) div 1000 as ahead
         from payments where payment_id = ?`,
        [payment.paymentId],
      );
      assert.ok(row);
      return row;
    };
    const { ahead } = await eventually(async () => {
      const row = await checks();
      assert.ok(row.checks >= 3);
      return row;
    });
    assert.ok(Number(ahead) > 300, `${ahead}`);
    assert.equal((await paymentNow(shop, payment.paymentId)).status, OPEN);
    assert.deepEqual(await callBack(shop, noticeOf(payment)), { status: 200, text: "success" });
  });
});
