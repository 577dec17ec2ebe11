import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import {
  CheckoutKind,
  ClosePaymentsOutcome,
  type Payment,
  PaymentStatus,
} from "#proto/shop/pay/v1/pay_pb.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { paymentNow, RETURN_URL, type Unpaid, unpaidOrder, whenPayment } from "./pay-shop.ts";

const { OPEN, SUCCEEDED, CLOSED, REFUNDED } = PaymentStatus;
type Simulated = "alipay" | "wechatpay" | "stripe";

describe("a shop with several providers", function () {
  this.timeout(120_000);
  let shop: Shop;
  before(async () => {
    const env = { SHOP_CURRENCY: "CNY" };
    const pay = { SHOP_PAYMENT_QUERY_MS: "300", SHOP_REFUND_RETRY_MS: "100" };
    shop = await startShop({
      simulators: true,
      sandbox: true,
      gateway: true,
      env,
      envOf: { pay },
    });
  });
  after(() => shop?.stop());
  afterEach(async () => {
    for (const name of ["alipay", "wechatpay", "stripe"] as const) {
      await shop.simulators[name].faults();
    }
  });

  async function open(
    { shopper, order }: Unpaid,
    provider: string,
    returnUrl = RETURN_URL,
  ): Promise<Payment> {
    const { orderId } = order;
    const { payment } = await shopper.as.pay.createPayment({ orderId, provider, returnUrl });
    assert.ok(payment);
    return payment;
  }

  /** The number by which the simulator knows a payment. */
  async function numberOf({ paymentId, provider }: Payment): Promise<string> {
    if (provider !== "stripe") return String(paymentId);
    const [row] = await shop.sql<{ text: string }>(
      "pay",
      "select provider_references as text from payments where payment_id = ?",
      [paymentId],
    );
    return JSON.parse(row?.text ?? "{}").session;
  }

  /** The shopper opens the checkout, and pays there. */
  async function pay(payment: Payment, method?: string): Promise<void> {
    const { action } = payment;
    if (action.case === "redirect") await fetch(action.value.url, { redirect: "manual" });
    const control = shop.simulators[payment.provider as Simulated];
    await control.pay(await numberOf(payment), method === undefined ? {} : { method });
  }

  const whenOrder = (orderId: bigint, payStatus: PayStatus) =>
    eventually(async () => {
      const { order } = await shop.admin.order.getOrder({ orderId });
      assert.equal(order?.payStatus, payStatus);
      return order;
    });

  const refundsOf = ({ paymentId }: Payment) =>
    shop.sql("pay", "select refund_id from refunds where payment_id = ?", [paymentId]);

  const close = async ({ orderId }: Payment) => {
    const { results } = await shop.service("order").pay.closePayments({ orderIds: [orderId] });
    return results[0]?.outcome;
  };

  /** As if the payment had expired so long ago, and were due for a query. */
  const expire = ({ paymentId }: Payment, minutes: number) =>
    shop.sql(
      "pay",
      `update payments set expire_time = now(3) - interval ? minute, next_check = now(3)
       where payment_id = ?`,
      [minutes, paymentId],
    );

  it("lists them by name, with how a shopper pays", async () => {
    const { providers } = await shop.anonymous.pay.listProviders({});
    assert.deepEqual(
      providers.map(({ name, currencyCode, checkoutKind }) => [name, currencyCode, checkoutKind]),
      [
        ["alipay", "CNY", CheckoutKind.REDIRECT],
        ["sandbox", "CNY", CheckoutKind.REDIRECT],
        ["stripe", "CNY", CheckoutKind.REDIRECT],
        ["wechatpay", "CNY", CheckoutKind.QR_CODE],
      ],
    );
  });

  for (const [first, second] of [
    ["alipay", "stripe"],
    ["wechatpay", "alipay"],
    ["stripe", "wechatpay"],
  ] as const) {
    it(`refunds the second of two payments, by ${first} and ${second}, once`, async () => {
      const unpaid = await unpaidOrder(shop);
      const payments = [await open(unpaid, first), await open(unpaid, second)];
      await Promise.all(payments.map((payment) => pay(payment)));
      await whenOrder(unpaid.order.orderId, PayStatus.PAID);
      const ended = await eventually(async () => {
        const now = await Promise.all(payments.map((one) => paymentNow(shop, one.paymentId)));
        const statuses = now.map(({ status }) => status).sort((a, b) => a - b);
        assert.deepEqual(statuses, [SUCCEEDED, REFUNDED]);
        return now;
      });
      const { order } = await shop.admin.order.getOrder({ orderId: unpaid.order.orderId });
      for (const payment of ended) {
        assert.equal((await refundsOf(payment)).length, payment.status === REFUNDED ? 1 : 0);
      }
      assert.equal(order?.orderStatus, OrderStatus.CONFIRMED);
      const { refunds } = await shop.simulators.state();
      const numbers = await Promise.all(ended.map(numberOf));
      const back = refunds.filter(({ trade }) => numbers.includes(trade));
      assert.deepEqual(
        back.map(({ amount }) => amount),
        [order?.payAmountCents],
      );
    });
  }

  it("closes what is open at another provider once the order is paid", async () => {
    const unpaid = await unpaidOrder(shop);
    const left = await open(unpaid, "wechatpay", "");
    await pay(await open(unpaid, "stripe"));
    await whenOrder(unpaid.order.orderId, PayStatus.PAID);
    await whenPayment(shop, left.paymentId, CLOSED);
    const number = await numberOf(left);
    const { trades } = await shop.simulators.state();
    assert.equal(trades.find((trade) => trade.number === number)?.state, "closed");
  });

  it("takes two tabs for one payment, whichever is used", async () => {
    for (const provider of ["alipay", "wechatpay", "stripe"] as const) {
      const unpaid = await unpaidOrder(shop);
      const tabs = await Promise.all([open(unpaid, provider), open(unpaid, provider)]);
      assert.equal(tabs[0].paymentId, tabs[1].paymentId);
      assert.deepEqual(tabs[0].action, tabs[1].action);
      await Promise.allSettled(tabs.map((tab) => pay(tab)));
      await whenPayment(shop, tabs[0].paymentId, SUCCEEDED);
      await whenOrder(unpaid.order.orderId, PayStatus.PAID);
      assert.equal((await refundsOf(tabs[0])).length, 0);
    }
  });

  it("needs no return address for a QR code, and renews an old code", async () => {
    const unpaid = await unpaidOrder(shop);
    const { paymentId, action } = await open(unpaid, "wechatpay", "");
    assert.ok(action.case === "qrCode");
    assert.match(action.value.text, /^weixin:/);
    await refused(open(unpaid, "alipay", ""), Reason.INVALID_ARGUMENT);
    await shop.sql(
      "pay",
      `update payments set checkout_action =
         '{"kind":"qr","text":"old","expireTime":"2026-01-01T00:00:00.000Z"}'
       where payment_id = ?`,
      [paymentId],
    );
    const renewed = await open(unpaid, "wechatpay", "");
    assert.equal(renewed.paymentId, paymentId);
    assert.deepEqual(renewed.action, action);
  });

  it("cancels an order whose payment has not begun, and refunds it if it is paid after all", async () => {
    const unpaid = await unpaidOrder(shop);
    const payment = await open(unpaid, "alipay");
    const { orderId } = payment;
    assert.equal(await close(payment), ClosePaymentsOutcome.CLOSED);
    await unpaid.shopper.as.order.cancelOrder({ orderId });
    assert.equal((await paymentNow(shop, payment.paymentId)).status, OPEN);
    await refused(open(unpaid, "alipay"), Reason.ORDER_STATE_INVALID);
    await pay(payment);
    await whenPayment(shop, payment.paymentId, REFUNDED);
    assert.equal((await refundsOf(payment)).length, 1);
    assert.equal((await whenOrder(orderId, PayStatus.UNPAID))?.orderStatus, OrderStatus.CANCELLED);
  });

  it("closes a payment that has not begun once it has expired", async () => {
    const unpaid = await unpaidOrder(shop);
    const payment = await open(unpaid, "alipay");
    await unpaid.shopper.as.order.cancelOrder({ orderId: payment.orderId });
    await eventually(async () => {
      const [row] = await shop.sql("pay", "select closing from payments where payment_id = ?", [
        payment.paymentId,
      ]);
      assert.equal(row?.closing, 1);
    });
    await expire(payment, 2);
    await whenPayment(shop, payment.paymentId, CLOSED);
  });

  it("lets an order wait for money on its way, 10 minutes, and refunds what comes later", async () => {
    const unpaid = await unpaidOrder(shop);
    const payment = await open(unpaid, "stripe");
    await pay(payment, "delayed");
    assert.equal(await close(payment), ClosePaymentsOutcome.UNKNOWN);
    await expire(payment, 9);
    assert.equal(await close(payment), ClosePaymentsOutcome.UNKNOWN);
    await expire(payment, 11);
    assert.equal(await close(payment), ClosePaymentsOutcome.CLOSED);
    await unpaid.shopper.as.order.cancelOrder({ orderId: payment.orderId });
    assert.equal((await paymentNow(shop, payment.paymentId)).status, OPEN);
    const number = await numberOf(payment);
    await shop.simulators.stripe.command("complete", { number, succeeds: true });
    await whenPayment(shop, payment.paymentId, REFUNDED);
    assert.equal((await refundsOf(payment)).length, 1);
  });

  it("closes a payment whose money did not come, and lets the shopper try again", async () => {
    const unpaid = await unpaidOrder(shop);
    const payment = await open(unpaid, "stripe");
    await pay(payment, "delayed");
    const number = await numberOf(payment);
    await shop.simulators.stripe.command("complete", { number, succeeds: false });
    await whenPayment(shop, payment.paymentId, CLOSED);
    const again = await open(unpaid, "stripe");
    assert.notEqual(again.paymentId, payment.paymentId);
    await pay(again);
    await whenOrder(payment.orderId, PayStatus.PAID);
  });

  it("acknowledges what is not the shop's, with an alarm in the log", async () => {
    await shop.simulators.stripe.faults({ strangers: 1 });
    const unpaid = await unpaidOrder(shop);
    await pay(await open(unpaid, "stripe"));
    await whenOrder(unpaid.order.orderId, PayStatus.PAID);
    await eventually(async () => {
      const lines = shop.output("pay").split("\n");
      assert.ok(lines.some((line) => line.includes('"alarm"') && line.includes("stripe")));
    });
    const answers = (await shop.simulators.state()).notices
      .filter(({ face }) => face === "stripe")
      .map(({ lastAnswer }) => lastAnswer);
    assert.ok(answers.every((answer) => answer === undefined || answer.startsWith("200")));
  });
});
