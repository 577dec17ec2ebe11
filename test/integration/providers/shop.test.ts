import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Order, OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { type Payment, PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { providerSettings } from "../../../local/up/offer-simulated.ts";
import { payConfig } from "../../../services/pay/config.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newShopper, type Shopper, uniqueKey } from "../../../testbed/orders/shoppers.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { rowsOf, whenPayment } from "../pay/pay-shop.ts";

const { SUCCEEDED, CLOSED } = PaymentStatus;
const PAY_CENTS = 2_000n;

type Name = "alipay" | "wechatpay";
type ToPay = { shopper: Shopper; order: Order; payment: Payment };

describe("a shop that is paid through Alipay and WeChat Pay", function () {
  this.timeout(90_000);
  let shop: Shop;

  before(async () => {
    shop = await startShop({
      simulators: true,
      gateway: true,
      env: { SHOP_CURRENCY: "CNY" },
      envOf: { pay: { SHOP_PAYMENT_QUERY_MS: "500", SHOP_REFUND_RETRY_MS: "100" } },
    });
  });
  after(() => shop?.stop());
  afterEach(async () => {
    await shop.simulators.alipay.faults();
    await shop.simulators.wechatpay.faults();
  });

  /** Orders, and starts to pay. */
  async function open(provider: Name): Promise<ToPay> {
    const shopper = await newShopper(shop);
    const { order } = await shopper.as.order.placeOrder(shopper.request());
    assert.ok(order);
    const { payment } = await shopper.as.pay.createPayment({
      orderId: order.orderId,
      provider,
      returnUrl: "http://localhost:3000/thanks",
    });
    assert.ok(payment);
    return { shopper, order, payment };
  }

  /** The shopper follows the link, which Alipay needs to know of the payment, and logs in. */
  async function begin({ payment }: ToPay): Promise<void> {
    if (payment.action.case !== "redirect") return;
    const response = await fetch(payment.action.value.url, { redirect: "manual" });
    assert.equal(response.status, 302);
    await shop.simulators.alipay.begin(String(payment.paymentId));
  }

  async function pay(opened: ToPay, coupon = 0): Promise<void> {
    const { provider, paymentId } = opened.payment;
    await begin(opened);
    const control = shop.simulators[provider as Name];
    await control.pay(String(paymentId), { coupon });
  }

  const whenOrder = (order: Order, fits: (order: Order) => boolean): Promise<Order> =>
    eventually(async () => {
      const { order: now } = await shop.admin.order.getOrder({ orderId: order.orderId });
      assert.ok(now && fits(now), `${now?.orderStatus} ${now?.payStatus}`);
      return now;
    });

  async function paid(provider: Name): Promise<ToPay> {
    const opened = await open(provider);
    await pay(opened);
    await whenPayment(shop, opened.payment.paymentId, SUCCEEDED);
    await whenOrder(opened.order, ({ payStatus }) => payStatus === PayStatus.PAID);
    return opened;
  }

  const refund = (order: Order, amountCents: bigint) =>
    shop.admin.order.refundOrder({
      requestId: uniqueKey(),
      orderId: order.orderId,
      lines: [],
      note: "test",
      goodwillCents: amountCents,
    });

  /** What the simulator has of a payment: refunds that succeeded, and what the shopper paid. */
  async function there(payment: Payment) {
    const { refunds, trades } = await shop.simulators.state();
    const own = refunds.filter(({ trade }) => trade === String(payment.paymentId));
    return {
      trade: trades.find(({ number }) => number === String(payment.paymentId)),
      refunds: own.map(({ amount, state }) => ({ amount, state })),
    };
  }

  /** Lines of pay's log since `from` with this text. */
  const logged = (text: string, from: number) =>
    shop
      .output("pay")
      .slice(from)
      .split("\n")
      .filter((line) => line.includes(text));

  for (const provider of ["alipay", "wechatpay"] as const) {
    describe(`with ${provider}`, () => {
      it("shows what the shopper does, and takes the payment by its notice once", async () => {
        const opened = await open(provider);
        const { paymentId, action } = opened.payment;
        assert.equal(action.case, provider === "alipay" ? "redirect" : "qrCode");
        await pay(opened, 345);
        await whenPayment(shop, paymentId, SUCCEEDED);
        const control = shop.simulators[provider];
        const answers = await control.send(String(paymentId), { times: 5 });
        const success = provider === "alipay" ? "200 success" : "204 ";
        assert.ok(
          answers.every((answer) => answer.trim() === success.trim()),
          String(answers),
        );
        const order = await whenOrder(
          opened.order,
          ({ payStatus }) => payStatus === PayStatus.PAID,
        );
        assert.equal(order.payAmountCents, PAY_CENTS);
        assert.equal((await rowsOf(shop, paymentId)).succeeded, 1);
      });

      it("finds by a query the payment whose notices are lost", async () => {
        const opened = await open(provider);
        await shop.simulators[provider].faults({ drop: 1_000_000 });
        await pay(opened);
        await whenPayment(shop, opened.payment.paymentId, SUCCEEDED);
        assert.equal((await rowsOf(shop, opened.payment.paymentId)).succeeded, 1);
      });

      it("closes the payment of an order that is cancelled after the login", async () => {
        const opened = await open(provider);
        await begin(opened);
        const { orderId } = opened.order;
        await opened.shopper.as.order.cancelOrder({ orderId });
        await whenPayment(shop, opened.payment.paymentId, CLOSED);
        assert.equal((await there(opened.payment)).trade?.state, "closed");
        await pay(opened).catch(() => undefined);
        assert.notEqual((await there(opened.payment)).trade?.state, "paid");
      });

      it("gives the money back that comes while or after the order is cancelled", async () => {
        const before = await open(provider);
        const during = await open(provider);
        await begin(during);
        await shop.simulators[provider].faults({ pay_during_close: 1 });
        await during.shopper.as.order
          .cancelOrder({ orderId: during.order.orderId })
          .catch(() => undefined);
        await whenPayment(shop, during.payment.paymentId, SUCCEEDED).catch(() => undefined);
        await before.shopper.as.order.cancelOrder({ orderId: before.order.orderId });
        await pay(before).catch(() => undefined);
        for (const { payment, order } of [before, during]) {
          await eventually(async () => {
            const { trade, refunds } = await there(payment);
            const { order: now } = await shop.admin.order.getOrder({ orderId: order.orderId });
            const held = (trade?.state === "paid" ? PAY_CENTS : 0n) - sumOf(refunds);
            const owed = now?.orderStatus === OrderStatus.CANCELLED ? 0n : PAY_CENTS;
            assert.equal(held, owed, `${trade?.state} ${now?.orderStatus}`);
          });
        }
      });

      it("refunds once although the answers are lost", async () => {
        const opened = await paid(provider);
        await shop.simulators[provider].faults({ lose_answers: 3, drop: 0 });
        await refund(opened.order, 345n);
        await whenOrder(
          opened.order,
          ({ payStatus }) => payStatus === PayStatus.PARTIALLY_REFUNDED,
        );
        const { refunds } = await there(opened.payment);
        assert.deepEqual(refunds, [{ amount: 345n, state: "succeeded" }]);
      });

      it("takes neither a false notice nor one that states another amount", async () => {
        const opened = await open(provider);
        const { paymentId } = opened.payment;
        const number = String(paymentId);
        await shop.simulators[provider].faults({ drop: 1_000_000 });
        await begin(opened);
        // The shop cannot query either, so that only a notice could pay.
        await shop.simulators[provider].pay(number);
        const control = shop.simulators[provider];
        const answersTo = async (kind: "wrong_signature" | "amount" | "merchant") => {
          const [answer = ""] = await control.send(number, { kind });
          return answer.slice(0, 3);
        };
        assert.equal(await answersTo("wrong_signature"), "401");
        assert.equal(await answersTo("merchant"), "400");
        assert.equal(await answersTo("amount"), "400");
        await whenPayment(shop, paymentId, SUCCEEDED);
        assert.equal((await rowsOf(shop, paymentId)).succeeded, 1);
      });
    });
  }

  it("gives the second payment back of an order that is paid through both", async () => {
    const first = await open("alipay");
    const { shopper, order } = first;
    const { payment } = await shopper.as.pay.createPayment({
      orderId: order.orderId,
      provider: "wechatpay",
      returnUrl: "http://localhost:3000/thanks",
    });
    assert.ok(payment);
    await begin(first);
    await Promise.all([
      shop.simulators.alipay.pay(String(first.payment.paymentId)),
      shop.simulators.wechatpay.pay(String(payment.paymentId)),
    ]);
    await whenOrder(order, ({ payStatus }) => payStatus === PayStatus.PAID);
    await eventually(async () => {
      const both = await Promise.all([there(first.payment), there(payment)]);
      const held = both.map(({ trade, refunds }) =>
        trade?.state === "paid" ? PAY_CENTS - sumOf(refunds) : 0n,
      );
      assert.deepEqual(held.sort(), [0n, PAY_CENTS]);
    });
  });

  it("does not start in production with the keys and addresses of the simulators", async () => {
    const accounts = await shop.simulators.accounts();
    const { alipay, wechatpay } = providerSettings(accounts);
    const env = { SHOP_ENV: "production", SHOP_CURRENCY: "CNY", ...alipay, ...wechatpay };
    assert.throws(
      () => payConfig(env),
      ({ message }: Error) => {
        for (const name of Object.keys({ ...alipay, ...wechatpay })) {
          const isKey = name.includes("_FILE");
          if (!isKey && !name.endsWith("_URL")) continue;
          const words = isKey ? "refuses the keys of" : "refuses simulators";
          assert.match(message, new RegExp(`${name}: production ${words}`));
        }
        return true;
      },
    );
  });

  it("refuses no genuine notice and takes no forged one while Alipay's key is changed", async () => {
    const { publicKey } = await shop.simulators.alipay.command("rotate-key");
    const file = join(temporaryDirectory(), "alipay-new.pem");
    writeFileSync(file, String(publicKey));
    const accounts = await shop.simulators.accounts();
    const { SHOP_ALIPAY_PUBLIC_KEY_FILES: known } = providerSettings(accounts).alipay;
    await shop.restart("pay", { SHOP_ALIPAY_PUBLIC_KEY_FILES: `${known},${file}` });
    await shop.simulators.alipay.faults({ public_key_percent: 50, forge: ["wrong_signature"] });
    await payMany("alipay");
  });

  it("refuses no genuine notice while WeChat Pay changes to its public key, and probes", async () => {
    await shop.simulators.wechatpay.faults({
      public_key_percent: 50,
      signtest_percent: 20,
      forge: ["wrong_signature"],
    });
    await payMany("wechatpay");
  });

  /** Pays many orders at once. Each is paid by its first genuine notice; forged ones are refused. */
  async function payMany(provider: Name): Promise<void> {
    const from = shop.output("pay").length;
    const orders = await Promise.all(Array.from({ length: 30 }, () => open(provider)));
    await Promise.all(orders.map((opened) => pay(opened)));
    await Promise.all(orders.map(({ payment }) => whenPayment(shop, payment.paymentId, SUCCEEDED)));
    const refused = logged("callback refused", from).map((line) => JSON.parse(line));
    const causes = new Set(refused.map(({ cause }) => cause));
    causes.delete("probe");
    assert.deepEqual([...causes], ["signature"]);
    // One forged notice goes before each sending.
    const { notices } = await shop.simulators.state();
    const numbers = new Set(orders.map(({ payment }) => String(payment.paymentId)));
    const sent = notices.filter(({ trade }) => numbers.has(trade));
    assert.ok(sent.every(({ state }) => state === "answered"));
    assert.equal(
      refused.filter(({ cause }) => cause === "signature").length,
      sent.reduce((sum, { attempts }) => sum + attempts, 0),
    );
    assert.deepEqual(logged("alarm", from), []);
    assert.deepEqual(logged("unanswered", from), []);
    const probes = refused.filter(({ cause }) => cause === "probe");
    assert.ok(probes.every(({ level }) => level === "info"));
    assert.equal(probes.length > 0, provider === "wechatpay");
  }
});

function sumOf(refunds: { amount: bigint; state: string }[]): bigint {
  return refunds
    .filter(({ state }) => state === "succeeded")
    .reduce((sum, { amount }) => sum + amount, 0n);
}
