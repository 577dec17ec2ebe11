import assert from "node:assert/strict";
import { PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { startTcpProxy, type TcpProxy } from "../../../testbed/proxy/tcp-proxy.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import {
  callBack,
  noticeOf,
  openPayment,
  recordOf,
  startPayShop,
  whenPayment,
} from "./pay-shop.ts";

describe("callbacks while the pay service is in trouble", function () {
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

  it("are answered with the platform's failure answer while the database is away, and taken after", async () => {
    const { payment } = await openPayment(shop);
    const notice = noticeOf(payment);
    await proxy.cut();
    assert.deepEqual(await callBack(shop, notice), { status: 500, text: "failure" });
    await proxy.mend();
    await eventually(async () => assert.equal((await callBack(shop, notice)).status, 200));
    assert.equal((await recordOf(shop, payment.paymentId)).succeeded, 1);
  });

  it("are no success, in time for the platform, while the database hangs", async () => {
    const { payment } = await openPayment(shop);
    proxy.freeze();
    // It hangs until the test is over.
    const { status } = await callBack(shop, noticeOf(payment));
    assert.ok(status >= 500, String(status));
  });

  it("reach the service by the platform's own repetitions", async () => {
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

  it("reach it after it was away altogether", async () => {
    const { payment } = await openPayment(shop);
    await shop.kill("pay");
    await shop.sandbox.pay(payment.paymentId);
    assert.equal((await callBack(shop, noticeOf(payment))).status, 503);
    await shop.restart("pay");
    await whenPayment(shop, payment.paymentId, PaymentStatus.SUCCEEDED);
    const { succeeded } = await recordOf(shop, payment.paymentId);
    assert.equal(succeeded, 1);
  });
});
