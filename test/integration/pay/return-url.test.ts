import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import { createPayment, openPayment, startPayShop, type Unpaid, unpaidOrder } from "./pay-shop.ts";

describe("the return URL of a payment", function () {
  this.timeout(60_000);
  let shop: Shop;
  before(async () => {
    shop = await startPayShop();
  });
  after(() => shop?.stop());
  afterEach(() => shop.sandbox.faults());

  const start = ({ shopper, order: { orderId } }: Unpaid, fields: { returnUrl: string }) =>
    shopper.as.pay.createPayment({ orderId, provider: "sandbox", ...fields });

  it("is refused on an origin that the shop does not allow", async () => {
    const unpaid = await unpaidOrder(shop);
    for (const returnUrl of [
      "",
      "https://evil.example/",
      "http://localhost.evil.example/",
      "http://localhost@evil.example/",
      "http://169.254.169.254/latest/meta-data",
      "javascript:alert(1)",
      "//localhost/",
      "http://localhost\\@evil.example/",
      `http://localhost/${"x".repeat(1_000)}`,
    ]) {
      const refusal = await refused(start(unpaid, { returnUrl }), Reason.INVALID_ARGUMENT);
      assert.equal(refusal.violations[0]?.field, "return_url");
    }
    const rows = await shop.sql("pay", "select payment_id from payments where order_id = ?", [
      unpaid.order.orderId,
    ]);
    assert.deepEqual(rows, []);
  });

  it("is refused with what is wrong with it, and its percent-encoded characters count", async () => {
    const unpaid = await unpaidOrder(shop);
    const cases: [returnUrl: string, description: RegExp][] = [
      [
        `http://localhost/${"\u6771".repeat(900)}`,
        /at most 1000 characters; percent-encoded it has 8117$/,
      ],
      ["http://localhost/a b", /spaces, control characters or backslashes/],
      ["/thanks", /a URL that starts with https/],
      ["https://evil.example/", /on an origin that the shop allows/],
    ];
    for (const [returnUrl, description] of cases) {
      const { violations } = await refused(start(unpaid, { returnUrl }), Reason.INVALID_ARGUMENT);
      assert.deepEqual(
        violations.map(({ field }) => field),
        ["return_url"],
      );
      assert.match(violations[0]?.description ?? "", description);
    }
    const { payment } = await start(unpaid, { returnUrl: "http://localhost/\u6771\u4eac" });
    assert.ok(payment);
    await shop.sandbox.pay(payment.paymentId);
    const page = await fetch(payment.checkoutUrl).then((answer) => answer.text());
    assert.match(page, /href="http:\/\/localhost\/%E6%9D%B1%E4%BA%AC"/);
  });

  it("is the newest one that an open payment was asked for with", async () => {
    const opened = await openPayment(shop);
    const returnUrl = "http://localhost:3000/second-tab";
    const { payment } = await start(opened, { returnUrl });
    assert.equal(payment?.paymentId, opened.payment.paymentId);
    assert.equal(payment.checkoutUrl, opened.payment.checkoutUrl);
    await start(opened, { returnUrl });
    await shop.sandbox.pay(payment.paymentId);
    const page = await fetch(payment.checkoutUrl).then((answer) => answer.text());
    assert.ok(page.includes(`href="${returnUrl}"`), page);
  });

  it("is not replaced while the provider is away, and is afterwards", async () => {
    const opened = await openPayment(shop);
    const other = { returnUrl: "http://localhost:3000/second-tab" };
    await shop.sandbox.faults({ down: true });
    await refused(start(opened, other), Reason.PROVIDER_UNAVAILABLE);
    assert.equal((await createPayment(opened)).paymentId, opened.payment.paymentId);
    await shop.sandbox.faults({});
    await start(opened, other);
    const [row] = await shop.sql(
      "pay",
      "select return_url as url from payments where payment_id = ?",
      [opened.payment.paymentId],
    );
    assert.equal(row?.url, other.returnUrl);
  });
});
