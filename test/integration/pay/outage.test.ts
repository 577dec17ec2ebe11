import assert from "node:assert/strict";
import { PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { startTcpProxy, type TcpProxy } from "../../../testbed/proxy/tcp-proxy.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import { callBack, noticeOf, openPayment, rowsOf, startPayShop, whenPayment } from "./pay-shop.ts";

describe("callbacks while the pay service is out of order", function () {
  this.timeout(60_000);
  let shop: Shop;
  let proxy: TcpProxy;
  before(async () => {
    proxy = await startTcpProxy(process.env.SHOP_MYSQL_URL ?? "");
    shop = await startPayShop({ SHOP_MYSQL_URL: proxy.url });
  });
  after(async () => {
    await proxy?.mend();
    await shop?.stop();
    await proxy?.stop();
  });
  afterEach(() => proxy.mend());

  it("get the failure answer while the database is away, and are taken afterwards", async () => {
    const { payment } = await openPayment(shop);
    const notice = noticeOf(payment);
    await proxy.cut();
    assert.deepEqual(await callBack(shop, notice), { status: 500, text: "failure" });
    await proxy.mend();
    await eventually(async () => assert.equal((await callBack(shop, notice)).status, 200));
    assert.equal((await rowsOf(shop, payment.paymentId)).succeeded, 1);
  });

  it("get an error within the provider's time limit while the database hangs", async () => {
    const { payment } = await openPayment(shop);
    proxy.freeze();
    // The database hangs until the end of the test.
    const { status } = await callBack(shop, noticeOf(payment));
    assert.ok(status >= 500, String(status));
  });

  it("are taken when the provider repeats them", async () => {
    const { payment } = await openPayment(shop);
    await proxy.cut();
    await shop.sandbox.pay(payment.paymentId);
    await eventually(async () => {
      const { notices } = await shop.sandbox.state();
      const notice = notices.find(({ paymentId }) => paymentId === String(payment.paymentId));
      assert.equal(notice?.lastAnswer, "500 failure");
    });
    await proxy.mend();
    await whenPayment(shop, payment.paymentId, PaymentStatus.SUCCEEDED);
  });

  it("are taken after the service was down", async () => {
    const { payment } = await openPayment(shop);
    await shop.kill("pay");
    await shop.sandbox.pay(payment.paymentId);
    assert.equal((await callBack(shop, noticeOf(payment))).status, 503);
    await shop.restart("pay");
    await whenPayment(shop, payment.paymentId, PaymentStatus.SUCCEEDED);
    const { succeeded } = await rowsOf(shop, payment.paymentId);
    assert.equal(succeeded, 1);
  });
});
