import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { CheckoutKind, PaymentLogType, PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newId } from "../../../testbed/orders/fixtures.ts";
import { ALL_CENTS, newShopper } from "../../../testbed/orders/shoppers.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import {
  atProvider,
  callBack,
  closeAtProvider,
  createPayment,
  noticeOf,
  openPayment,
  RETURN_URL,
  rowsOf,
  startPayShop,
  type Unpaid,
  unpaidOrder,
  whenPayment,
} from "./pay-shop.ts";

describe("CreatePayment", function () {
  this.timeout(60_000);
  let shop: Shop;
  before(async () => {
    shop = await startPayShop();
  });
  after(() => shop?.stop());
  afterEach(() => shop.sandbox.faults());

  const start = (
    { shopper, order }: Unpaid,
    fields: { orderId?: bigint; provider?: string; returnUrl?: string } = {},
  ) => {
    const { orderId } = order;
    const request = { orderId, provider: "sandbox", returnUrl: RETURN_URL, ...fields };
    return shopper.as.pay.createPayment(request);
  };

  it("opens a payment of the amount left to pay, and returns its checkout address", async () => {
    const { order, shopper, payment } = await openPayment(shop);
    const { payment: known } = await atProvider(shop, payment.paymentId);
    assert.equal(payment.status, PaymentStatus.OPEN);
    assert.equal(payment.amountCents, order.payAmountCents);
    assert.equal(payment.currencyCode, "EUR");
    assert.equal(payment.userId, shopper.userId);
    assert.equal(payment.providerTradeId, known?.tradeId);
    assert.equal(known?.amountCents, order.payAmountCents);
    assert.equal((await fetch(payment.checkoutUrl)).status, 200);
    assert.deepEqual(payment.action.case, "redirect");
    assert.deepEqual(payment.action.value?.url, payment.checkoutUrl);
    assert.deepEqual(payment.expireTime, order.payDeadline);
  });

  it("offers the providers that ListProviders names, to anyone", async () => {
    const { providers } = await shop.anonymous.pay.listProviders({});
    assert.deepEqual(
      providers.map(({ name, titleEn, titleZh, currencyCode, checkoutKind }) => {
        return { name, titleEn, titleZh, currencyCode, checkoutKind };
      }),
      [
        {
          name: "sandbox",
          titleEn: "Sandbox",
          titleZh: "沙箱",
          currencyCode: "EUR",
          checkoutKind: CheckoutKind.REDIRECT,
        },
      ],
    );
  });

  it("returns the same payment to any number of calls, at once or later", async () => {
    const unpaid = await unpaidOrder(shop);
    const first = await Promise.all(Array.from({ length: 20 }, () => createPayment(unpaid)));
    const again = await createPayment(unpaid);
    assert.equal(new Set([...first, again].map(({ paymentId }) => paymentId)).size, 1);
    assert.equal(new Set([...first, again].map(({ checkoutUrl }) => checkoutUrl)).size, 1);
    const rows = await shop.sql("pay", "select payment_id from payments where order_id = ?", [
      unpaid.order.orderId,
    ]);
    assert.equal(rows.length, 1);
    const { log } = await rowsOf(shop, again.paymentId);
    assert.deepEqual(log, [PaymentLogType.CREATED]);
  });

  it("continues with the same payment after the provider did not answer", async () => {
    const unpaid = await unpaidOrder(shop);
    await shop.sandbox.faults({ down: true });
    const refusal = await refused(start(unpaid), Reason.PROVIDER_UNAVAILABLE);
    assert.equal(refusal.metadata.provider, "sandbox");
    await shop.sandbox.faults({ lose_answers: 1 });
    await refused(start(unpaid), Reason.PROVIDER_UNAVAILABLE);
    const payment = await createPayment(unpaid);
    const { payments } = await shop.admin.pay.listPayments({ orderId: unpaid.order.orderId });
    assert.deepEqual(
      payments.map(({ paymentId }) => paymentId),
      [payment.paymentId],
    );
    assert.ok((await atProvider(shop, payment.paymentId)).payment);
  });

  it("returns the address of the open payment while the provider is away", async () => {
    const opened = await openPayment(shop);
    await shop.sandbox.faults({ down: true });
    const { checkoutUrl } = await createPayment(opened);
    assert.equal(checkoutUrl, opened.payment.checkoutUrl);
  });

  it("starts a new payment if the provider has closed the open one", async () => {
    const opened = await openPayment(shop);
    const { paymentId } = opened.payment;
    await closeAtProvider(shop, paymentId);
    const next = await createPayment(opened);
    assert.notEqual(next.paymentId, paymentId);
    assert.equal((await rowsOf(shop, paymentId)).status, PaymentStatus.CLOSED);
    await shop.sandbox.pay(next.paymentId);
    await whenPayment(shop, next.paymentId, PaymentStatus.SUCCEEDED);
  });

  it("finds that the open payment was paid, before its callback arrives", async () => {
    const opened = await openPayment(shop);
    const { paymentId } = opened.payment;
    await shop.sandbox.faults({ delay_ms: 3_600_000 });
    await shop.sandbox.pay(paymentId);
    await refused(start(opened), Reason.ORDER_ALREADY_PAID);
    const { succeeded, callbacks } = await rowsOf(shop, paymentId);
    assert.equal(succeeded, 1);
    assert.deepEqual(callbacks, [{ verdict: 1, cause: "", repeats: 0 }]);
    assert.deepEqual(await callBack(shop, noticeOf(opened.payment)), {
      status: 200,
      text: "success",
    });
    assert.equal((await rowsOf(shop, paymentId)).succeeded, 1);
  });

  it("refuses a paid order, before and after the order service knows", async () => {
    const opened = await openPayment(shop);
    await callBack(shop, noticeOf(opened.payment));
    await refused(start(opened), Reason.ORDER_ALREADY_PAID);
    await eventually(async () => {
      const { order } = await shop.admin.order.getOrder({ orderId: opened.order.orderId });
      assert.equal(order?.payStatus, PayStatus.PAID);
    });
    await refused(start(opened), Reason.ORDER_ALREADY_PAID);
  });

  it("refuses an order with nothing left to pay", async () => {
    const shopper = await newShopper(shop);
    const { order } = await shopper.as.order.placeOrder(
      shopper.request({ balanceCents: ALL_CENTS }),
    );
    assert.ok(order);
    await refused(start({ shopper, order }), Reason.ORDER_ALREADY_PAID);
  });

  it("refuses a cancelled order, and one whose payments were closed", async () => {
    const cancelled = await unpaidOrder(shop);
    await cancelled.shopper.as.order.cancelOrder({ orderId: cancelled.order.orderId });
    const refusal = await refused(start(cancelled), Reason.ORDER_STATE_INVALID);
    assert.equal(refusal.metadata.order_status, "CANCELLED");
    const late = await unpaidOrder(shop);
    await shop.service("order").pay.closePayments({ orderIds: [late.order.orderId] });
    const closed = await refused(start(late), Reason.ORDER_STATE_INVALID);
    assert.equal(closed.metadata.cause, "payments_closed");
  });

  it("refuses another user's order exactly as an unknown one", async () => {
    const mine = await unpaidOrder(shop);
    const theirs = await unpaidOrder(shop);
    const missing = newId();
    const none = await refused(start(mine, { orderId: missing }), Reason.ORDER_NOT_FOUND);
    const other = await refused(
      start(mine, { orderId: theirs.order.orderId }),
      Reason.ORDER_NOT_FOUND,
    );
    assert.deepEqual(Object.keys(none.metadata), Object.keys(other.metadata));
    assert.equal(none.message, other.message);
  });

  it("refuses an unknown provider", async () => {
    const unpaid = await unpaidOrder(shop);
    for (const provider of ["moneybox", "Sandbox", "__proto__", "sandbox "]) {
      await refused(start(unpaid, { provider }), Reason.PROVIDER_NOT_FOUND);
    }
    await refused(start(unpaid, { provider: "" }), Reason.INVALID_ARGUMENT);
  });

  it("fails while the order service is away, and works again afterwards", async () => {
    const unpaid = await unpaidOrder(shop);
    await shop.kill("order");
    await assert.rejects(start(unpaid), { name: "Outage" });
    await shop.restart("order");
    await eventually(async () => assert.ok(await createPayment(unpaid)));
  });
});

describe("payments and their owners", function () {
  this.timeout(60_000);
  let shop: Shop;
  before(async () => {
    shop = await startPayShop();
  });
  after(() => shop?.stop());

  it("are shown to their own user and to administrators only", async () => {
    const mine = await openPayment(shop);
    const theirs = await openPayment(shop);
    const { paymentId, orderId } = mine.payment;
    const own = mine.shopper.as.pay;
    const other = theirs.shopper.as.pay;
    assert.equal((await own.getPayment({ paymentId })).payment?.paymentId, paymentId);
    assert.equal((await own.listPayments({ orderId })).payments.length, 1);
    assert.equal((await shop.admin.pay.listPayments({ orderId })).payments.length, 1);
    const hidden = await refused(other.getPayment({ paymentId }), Reason.PAYMENT_NOT_FOUND);
    const none = await refused(other.getPayment({ paymentId: newId() }), Reason.PAYMENT_NOT_FOUND);
    assert.equal(hidden.message, none.message);
    assert.deepEqual((await other.listPayments({ orderId })).payments, []);
    await refused(other.getPayment({ paymentId: 0n }), Reason.INVALID_ARGUMENT);
    await refused(other.listPayments({ orderId: -1n }), Reason.INVALID_ARGUMENT);
  });

  it("take callbacks from services only, and show logs to administrators only", async () => {
    const { shopper, payment } = await openPayment(shop);
    const { paymentId } = payment;
    const forged = { provider: "sandbox", headers: {}, body: new Uint8Array() };
    await refused(shopper.as.pay.handleCallback(forged), Reason.PERMISSION_DENIED);
    await refused(shop.admin.pay.handleCallback(forged), Reason.PERMISSION_DENIED);
    await refused(shop.anonymous.pay.handleCallback(forged), Reason.UNAUTHENTICATED);
    await refused(shopper.as.pay.closePayments({ orderIds: [1n] }), Reason.PERMISSION_DENIED);
    await refused(shopper.as.pay.listPaymentLog({ paymentId }), Reason.PERMISSION_DENIED);
    await refused(shop.anonymous.pay.getPayment({ paymentId }), Reason.UNAUTHENTICATED);
    const { entries } = await shop.admin.pay.listPaymentLog({ paymentId });
    assert.equal(entries[0]?.type, PaymentLogType.CREATED);
    assert.ok(entries[0]?.logTime);
    const missing = { paymentId: newId() };
    await refused(shop.admin.pay.listPaymentLog(missing), Reason.PAYMENT_NOT_FOUND);
  });

  it("keep the newest 10,000 unverified callbacks only", async () => {
    const rows = Array.from({ length: 11_500 }, (_, index) => [
      index + 1,
      "sandbox",
      1,
      5,
      "",
      0,
      "{}",
      "",
    ]);
    const columns = "callback_id, provider, source, verdict, cause, reason, headers, body";
    await shop.sql("pay", `insert into callbacks (${columns}) values ?`, [rows]);
    await eventually(async () => {
      const [row] = await shop.sql(
        "pay",
        "select count(*) as number, max(callback_id) as last from callbacks where notice_id is null",
      );
      assert.equal(Number(row?.number), 10_000);
      assert.equal(Number(row?.last), 11_500);
    });
  });
});
