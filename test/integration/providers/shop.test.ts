import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Order, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { type Payment, PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { providerSettings } from "../../../local/up/offer-simulated.ts";
import { payConfig } from "../../../services/pay/config.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newShopper, type Shopper } from "../../../testbed/orders/shoppers.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { whenPayment } from "../pay/pay-shop.ts";

const { SUCCEEDED } = PaymentStatus;
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

  async function pay(opened: ToPay): Promise<void> {
    const { provider, paymentId } = opened.payment;
    await begin(opened);
    const control = shop.simulators[provider as Name];
    await control.pay(String(paymentId));
  }

  const whenOrder = (order: Order, fits: (order: Order) => boolean): Promise<Order> =>
    eventually(async () => {
      const { order: now } = await shop.admin.order.getOrder({ orderId: order.orderId });
      assert.ok(now && fits(now), `${now?.orderStatus} ${now?.payStatus}`);
      return now;
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
    await Promise.all(orders.map(pay));
    await Promise.all(orders.map(({ payment }) => whenPayment(shop, payment.paymentId, SUCCEEDED)));
    const sent = await whenAnswered(orders);
    const refused = logged("callback refused", from).map((line) => JSON.parse(line));
    const causes = new Set(refused.map(({ cause }) => cause));
    causes.delete("probe");
    assert.deepEqual([...causes], ["signature"]);
    // One forged notice goes before each sending.
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

  /** The notices about these payments, once each has its success. */
  function whenAnswered(orders: readonly ToPay[]) {
    const numbers = new Set(orders.map(({ payment }) => String(payment.paymentId)));
    return eventually(async () => {
      const { notices } = await shop.simulators.state();
      const sent = notices.filter(({ trade }) => numbers.has(trade));
      assert.ok(sent.length >= orders.length);
      assert.ok(sent.every(({ state }) => state === "answered"));
      return sent;
    });
  }
});

function sumOf(refunds: { amount: bigint; state: string }[]): bigint {
  return refunds
    .filter(({ state }) => state === "succeeded")
    .reduce((sum, { amount }) => sum + amount, 0n);
}
