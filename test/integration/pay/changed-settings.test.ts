import assert from "node:assert/strict";
import { formatAmount } from "#platform/values/currencies.ts";
import { Reason } from "#platform/values/refusal.ts";
import { PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import {
  atProvider,
  callBack,
  createPayment,
  noticeOf,
  openPayment,
  paymentNow,
  RETURN_URL,
  startPayShop,
  unpaidOrder,
  whenPayment,
} from "./pay-shop.ts";

describe("a payment whose settings have changed since", function () {
  this.timeout(120_000);
  let shop: Shop;
  before(async () => {
    shop = await startPayShop();
  });
  after(() => shop?.stop());
  afterEach(() => restartWith({}));

  async function restartWith(env: Record<string, string>): Promise<void> {
    await shop.kill("pay");
    await shop.restart("pay", env);
  }

  it("keeps its currency, and is paid and refunded in it", async () => {
    const [first, second] = [await openPayment(shop), await openPayment(shop)];
    await restartWith({ SHOP_CURRENCY: "JPY" });
    const again = await eventually(() => createPayment(first));
    assert.equal(again.paymentId, first.payment.paymentId);
    assert.equal(again.currencyCode, "EUR");
    await shop.sandbox.pay(again.paymentId);
    await whenPayment(shop, again.paymentId, PaymentStatus.SUCCEEDED);
    const inYen = { ...noticeOf(second.payment), currency: "JPY" };
    assert.equal((await callBack(shop, inYen)).status, 400);
    assert.equal((await callBack(shop, noticeOf(second.payment))).status, 200);
    assert.equal((await paymentNow(shop, second.payment.paymentId)).currencyCode, "EUR");
    await eventually(() =>
      shop.admin.order.refundOrder({ requestId: "refund", orderId: first.order.orderId, note: "" }),
    );
    await whenPayment(shop, again.paymentId, PaymentStatus.REFUNDED);
    const { entries } = await shop.admin.pay.listPaymentLog({ paymentId: again.paymentId });
    const amount = formatAmount(again.amountCents, "EUR");
    assert.equal(entries.at(-1)?.detail, `${amount} EUR through sandbox`);
    assert.match(entries[0]?.detail ?? "", new RegExp(`^refund \\d+ of ${amount} EUR$`));
  });

  it("is started in the currency of its order, also after the shop's currency changed", async () => {
    const unpaid = await unpaidOrder(shop);
    await restartWith({ SHOP_CURRENCY: "JPY" });
    const payment = await eventually(() => createPayment(unpaid));
    assert.equal(payment.currencyCode, "EUR");
    assert.equal((await atProvider(shop, payment.paymentId)).payment?.currency, "EUR");
  });

  it("continues with its return URL, which the shop would not accept for a new one", async () => {
    const opened = await openPayment(shop);
    await restartWith({ SHOP_RETURN_ORIGINS: "https://shop.example" });
    const again = await eventually(() => createPayment(opened));
    assert.equal(again.paymentId, opened.payment.paymentId);
    const { shopper, order } = await unpaidOrder(shop);
    const request = { orderId: order.orderId, provider: "sandbox", returnUrl: RETURN_URL };
    await refused(shopper.as.pay.createPayment(request), Reason.INVALID_ARGUMENT);
  });
});
