import assert from "node:assert/strict";
import { type Order, OrderStatus, PayStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { booksBalance } from "../../../testbed/orders/books.ts";
import { newGoods, newKey, newShopper, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { RETURN_URL } from "./pay-shop.ts";

type Name = "alipay" | "wechatpay" | "stripe";
type Paid = { orderId: bigint; paymentId: bigint; number: string; order: Order };

/** Three pieces at 5.00 and 10.00 for shipping. */
const PAY_CENTS = 2_500n;

describe("refunds at the simulators of the providers", function () {
  this.timeout(90_000);
  let shop: Shop;
  before(async () => {
    const env = { SHOP_CURRENCY: "CNY" };
    const pay = { SHOP_REFUND_RETRY_MS: "100" };
    shop = await startShop({
      simulators: true,
      sandbox: true,
      gateway: true,
      env,
      envOf: { pay: { ...env, ...pay } },
    });
  });
  after(() => shop?.stop());
  afterEach(async () => {
    for (const name of ["alipay", "wechatpay", "stripe"] as const) {
      await shop.simulators[name].faults();
    }
  });

  async function paid(provider: Name): Promise<Paid> {
    const shopper = await newShopper(shop);
    const goods = await newGoods(shop, { unitPriceCents: 500n, stock: 10n });
    const { order } = await shopper.calls.order.placeOrder(
      placeRequest({ userId: shopper.userId, lines: [[goods, 3n]] }),
    );
    const { orderId = 0n } = order ?? {};
    const { payment } = await shopper.calls.pay.createPayment({
      orderId,
      provider,
      returnUrl: RETURN_URL,
    });
    assert.ok(order && payment);
    const { paymentId, checkoutUrl } = payment;
    // A payment by an Alipay link exists once the link was followed.
    if (checkoutUrl !== "") await (await fetch(checkoutUrl)).arrayBuffer();
    const [row] = await shop.sql<{ json: string | null }>(
      "pay",
      "select provider_references as json from payments where payment_id = ?",
      [paymentId],
    );
    const number = JSON.parse(row?.json ?? "{}").session ?? String(paymentId);
    await shop.simulators[provider].pay(number);
    await eventually(async () => {
      const now = await shop.admin.order.getOrder({ orderId });
      assert.equal(now.order?.payStatus, PayStatus.PAID);
    });
    return { orderId, paymentId, number, order };
  }

  const refund = ({ orderId }: Paid, fields: object = {}) =>
    shop.admin.order.refundOrder({ orderId, requestId: newKey(), ...fields });
  const whenOrder = ({ orderId }: Paid, holds: (order: Order) => boolean) =>
    eventually(
      async () => {
        const { order } = await shop.admin.order.getOrder({ orderId });
        assert.ok(order && holds(order), `${order?.orderStatus} ${order?.payStatus}`);
        return order;
      },
      { withinMs: 30_000 },
    );
  const isRefunded = ({ orderStatus, payStatus }: Order) =>
    orderStatus === OrderStatus.REFUNDED && payStatus === PayStatus.REFUNDED;
  const rowOf = async ({ paymentId }: Paid) => {
    const rows = await shop.sql<{ status: number; attempt: number; reopens: number }>(
      "pay",
      "select status, attempt, reopens from refunds where payment_id = ?",
      [paymentId],
    );
    return { ...rows[0] };
  };
  const atProvider = async ({ number }: Paid) =>
    (await shop.simulators.state()).refunds.filter(({ trade }) => trade === number);
  const refusedCallbacks = ({ paymentId }: Paid) =>
    shop.sql("pay", "select cause from callbacks where payment_id = ? and verdict = 5", [
      paymentId,
    ]);

  it("Stripe takes a success back: the order is REFUNDING, and a second refund is made", async () => {
    const one = await paid("stripe");
    await refund(one);
    await whenOrder(one, isRefunded);
    const [first] = await atProvider(one);
    await shop.simulators.stripe.settle(first?.number ?? "", "failed");
    await eventually(async () => {
      assert.deepEqual(await rowOf(one), { status: 2, attempt: 2, reopens: 1 });
    });
    await whenOrder(one, isRefunded);
    const states = (await atProvider(one)).map(({ state, amount }) => [state, amount]);
    assert.deepEqual(states.toSorted(), [
      ["failed", PAY_CENTS],
      ["succeeded", PAY_CENTS],
    ]);
    const { entries } = await shop.admin.order.listOrderHistory({ orderId: one.orderId });
    assert.ok(entries.some(({ cause }) => cause === "pay.v1.refund_reopened"));
    await booksBalance(shop);
  });

  it("Stripe's disputes are stored with what they moved, and when", async () => {
    const one = await paid("stripe");
    await shop.simulators.stripe.command("dispute", { number: one.number });
    const disputeOf = async () => {
      const [row] = await shop.sql(
        "pay",
        `select status, withdrawn_cents as withdrawn, withdrawn_fee_cents > 0 as hasFee,
           reinstated_cents as reinstated from disputes where payment_id = ?`,
        [one.paymentId],
      );
      return { ...row, hasFee: Number(row?.hasFee) };
    };
    await eventually(async () => {
      const withdrawn = { status: 1, withdrawn: PAY_CENTS, hasFee: 1, reinstated: null };
      assert.deepEqual(await disputeOf(), withdrawn);
    });
    await shop.simulators.stripe.command("close-dispute", { number: one.number, won: true });
    await eventually(async () => {
      const { status, reinstated } = (await disputeOf()) as Record<string, unknown>;
      assert.deepEqual([status, reinstated], [2, PAY_CENTS]);
    });
  });

  it("WeChat Pay closes a refund: a new number is sent, a minute after the first", async () => {
    const one = await paid("wechatpay");
    await shop.simulators.wechatpay.faults({ refund: "closed" });
    await refund(one);
    await eventually(
      async () => assert.deepEqual(await rowOf(one), { status: 3, attempt: 2, reopens: 0 }),
      { withinMs: 30_000 },
    );
    await shop.simulators.wechatpay.faults();
    const [slot] = await shop.sql<{ waitMs: unknown }>(
      "pay",
      `select timestampdiff(microsecond, now(3), refund_after) / 1000 as waitMs
       from payments where payment_id = ?`,
      [one.paymentId],
    );
    assert.ok(Number(slot?.waitMs) > 30_000, `${slot?.waitMs}`);
    assert.equal((await atProvider(one)).length, 1);
    // The minute passes: at the simulator by its clock, here by the rows.
    await shop.simulators.advance(61_000);
    await shop.sql("pay", "update payments set refund_after = now(3) where payment_id = ?", [
      one.paymentId,
    ]);
    await shop.sql("pay", "update refunds set next_try = now(3) where payment_id = ?", [
      one.paymentId,
    ]);
    await whenOrder(one, isRefunded);
    const numbers = (await atProvider(one)).map(({ number, state }) => [number.slice(-2), state]);
    assert.equal(numbers.length, 2);
    assert.ok(numbers.some(([end, state]) => end === "-2" && state === "succeeded"));
    await booksBalance(shop);
  });

  it("WeChat Pay needs a person: the order says so, until the refund succeeds", async () => {
    const one = await paid("wechatpay");
    await shop.simulators.wechatpay.faults({ refund: "abnormal" });
    await refund(one);
    const { REQUIRES_ACTION, SUCCEEDED } = RefundStatus;
    const waiting = await whenOrder(one, ({ refunds }) => refunds[0]?.status === REQUIRES_ACTION);
    assert.equal(waiting.payStatus, PayStatus.REFUNDING);
    const [there] = await atProvider(one);
    await shop.simulators.wechatpay.settle(there?.number ?? "", "succeeded");
    await whenOrder(one, ({ refunds }) => refunds[0]?.status === SUCCEEDED);
    assert.equal((await atProvider(one)).length, 1);
    await booksBalance(shop);
  });

  it("Alipay gets two refunds of one payment 3 seconds apart, and proves both", async () => {
    const one = await paid("alipay");
    const { goodsId = 0n } = one.order.lines[0] ?? {};
    await refund(one, { lines: [{ goodsId, quantity: 1n }] });
    await refund(one);
    await whenOrder(one, isRefunded);
    const states = (await atProvider(one)).map(({ state, amount }) => [amount, state]);
    assert.deepEqual(states.toSorted(), [
      [2_000n, "succeeded"],
      [500n, "succeeded"],
    ]);
    const log = await shop.sql(
      "pay",
      "select detail from payment_log where payment_id = ? and type in (8, 10, 12)",
      [one.paymentId],
    );
    assert.deepEqual(log, []);
    assert.deepEqual(await refusedCallbacks(one), []);
    await booksBalance(shop);
  });

  it("a refund from the provider's console is a difference, at each of them", async () => {
    for (const provider of ["alipay", "wechatpay", "stripe"] as const) {
      const one = await paid(provider);
      await shop.simulators[provider].refund(one.number, 100n);
      await eventually(async () => {
        const rows = await shop.sql<{ amount: bigint | null; status: number }>(
          "pay",
          "select amount_cents as amount, status from foreign_refunds where payment_id = ?",
          [one.paymentId],
        );
        const [row] = rows;
        assert.equal(rows.length, 1, provider);
        // Alipay states the sum of all refunds only.
        assert.equal(row?.amount, provider === "alipay" ? null : 100n);
        assert.equal(row?.status, 2);
      });
      assert.deepEqual(await refusedCallbacks(one), []);
    }
  });
});
