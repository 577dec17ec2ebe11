import assert from "node:assert/strict";
import { OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newKey } from "../../../testbed/orders/fixtures.ts";
import {
  type Account,
  type AllProviders,
  NAMES,
  type Opened,
  startAllProviders,
} from "./all-providers.ts";

const { OPEN, SUCCEEDED, CLOSED, REFUNDED } = PaymentStatus;

describe("the pay service with every provider", function () {
  this.timeout(120_000);
  let at: AllProviders;
  before(async () => {
    at = await startAllProviders();
  });
  after(() => at?.shop.stop());

  const paymentNow = async (paymentId: bigint) => {
    const { payment } = await at.shop.admin.pay.getPayment({ paymentId });
    return payment ?? assert.fail();
  };
  const orderNow = async (orderId: bigint) => {
    const { order } = await at.shop.admin.order.getOrder({ orderId });
    return order ?? assert.fail();
  };
  const whenStatus = (paymentId: bigint, status: PaymentStatus) =>
    eventually(async () => assert.equal((await paymentNow(paymentId)).status, status));
  const whenPaid = (orderId: bigint) =>
    eventually(async () => assert.equal((await orderNow(orderId)).payStatus, PayStatus.PAID));
  const succeededEvents = async (orderId: bigint) => {
    const rows = await at.shop.sql(
      "pay",
      "select event_id from outbox where fact = 'pay.v1.succeeded' and order_id = ?",
      [orderId],
    );
    return rows.length;
  };
  const whenRefunded = (opened: Opened, account: Account, cents: bigint) =>
    eventually(
      async () => {
        assert.equal((await paymentNow(opened.payment.paymentId)).refundedCents, cents);
        assert.equal(await account.refundedCents(opened.payment), cents);
      },
      { withinMs: 40_000 },
    );

  for (const name of NAMES) {
    describe(`through ${name}`, () => {
      let account: Account;
      before(() => {
        account = at.account(name);
      });
      afterEach(() => account.faults());

      it("takes a payment once, and the order is paid", async () => {
        const { payment, order } = await at.open(name);
        await account.pay(payment);
        await whenPaid(order.orderId);
        const paid = await paymentNow(payment.paymentId);
        assert.deepEqual([paid.status, paid.currencyCode], [SUCCEEDED, "CNY"]);
        assert.notEqual(paid.providerTradeId, "");
        assert.equal(await succeededEvents(order.orderId), 1);
      });

      it("gives two browser tabs one payment, which is paid once", async () => {
        const unpaid = await at.unpaid();
        const tabs = await Promise.all(
          Array.from({ length: 5 }, () => at.createPayment(unpaid, name)),
        );
        const [first] = tabs;
        assert.ok(first);
        for (const tab of tabs) {
          assert.deepEqual([tab.paymentId, tab.checkoutUrl], [first.paymentId, first.checkoutUrl]);
        }
        await account.pay(first);
        await account.pay(first).catch(() => undefined);
        await whenPaid(unpaid.order.orderId);
        assert.equal(await succeededEvents(unpaid.order.orderId), 1);
        assert.equal(await account.refundedCents(first), 0n);
      });

      it("takes 20 copies of a callback as one", async () => {
        const { payment, order } = await at.open(name);
        await account.faults({ silent: true });
        await account.pay(payment);
        await account.faults();
        const answers = await account.send(payment, { times: 20 });
        assert.ok(
          answers.every((answer) => answer.startsWith("2")),
          answers.join(),
        );
        await whenPaid(order.orderId);
        assert.equal(await succeededEvents(order.orderId), 1);
      });

      it("takes none of the callbacks that are not authentic, and then the genuine one", async () => {
        const { payment, order } = await at.open(name);
        await account.faults({ silent: true });
        await account.pay(payment);
        await account.faults();
        for (const kind of ["unsigned", "wrong_signature", "other_body"]) {
          const [answer = ""] = await account.send(payment, { kind });
          assert.ok(!answer.startsWith("2"), `${kind}: ${answer}`);
        }
        assert.equal((await paymentNow(payment.paymentId)).status, OPEN);
        await account.send(payment);
        await whenPaid(order.orderId);
      });

      it("never counts another amount as paid", async () => {
        const { payment } = await at.open(name);
        await account.faults({ silent: true });
        await account.pay(payment);
        await account.send(payment, { kind: "amount" });
        const { status } = await paymentNow(payment.paymentId);
        assert.equal(status, OPEN);
        await account.send(payment);
        await whenStatus(payment.paymentId, SUCCEEDED);
      });

      it("finds a payment by a query whose callback never comes", async () => {
        const opened = await at.open(name);
        const { payment, order } = opened;
        await account.faults({ silent: true });
        await account.pay(payment);
        // CreatePayment asks the provider about the open payment.
        await assert.rejects(at.createPayment(opened, name));
        await whenPaid(order.orderId);
        assert.equal(await succeededEvents(order.orderId), 1);
      });

      it("takes callbacks, and a shopper who comes back at the same moment, for one payment", async () => {
        const opened = await at.open(name);
        const { payment, order } = opened;
        await account.faults({ silent: true });
        await account.pay(payment);
        await account.faults();
        const [answers] = await Promise.all([
          account.send(payment, { times: 5 }),
          ...Array.from({ length: 3 }, () => assert.rejects(at.createPayment(opened, name))),
        ]);
        assert.ok(answers.every((answer) => answer.startsWith("2")));
        await whenPaid(order.orderId);
        assert.equal(await succeededEvents(order.orderId), 1);
      });

      it("closes the payment of an order that is cancelled, and it cannot be paid", async () => {
        const { payment, order, shopper } = await at.open(name);
        await shopper.as.order.cancelOrder({ orderId: order.orderId });
        await eventually(async () =>
          assert.equal((await orderNow(order.orderId)).orderStatus, OrderStatus.CANCELLED),
        );
        await account.pay(payment).catch(() => undefined);
        // Where the provider could not close it yet, the money comes late and goes back.
        if (!(await account.isPaid(payment))) return whenStatus(payment.paymentId, CLOSED);
        await whenStatus(payment.paymentId, REFUNDED);
        assert.equal(await account.refundedCents(payment), payment.amountCents);
      });

      // The sandbox has no such fault.
      if (name !== "sandbox") {
        it("counts a payment as paid that is paid while its order is cancelled", async () => {
          const { payment, order, shopper } = await at.open(name);
          await account.visit(payment);
          await account.faults({ payDuringClose: 1 });
          await shopper.as.order.cancelOrder({ orderId: order.orderId }).catch(() => undefined);
          // The order is paid, or it was cancelled first and the money goes back: never neither.
          await eventually(async () => {
            const { orderStatus, payStatus } = await orderNow(order.orderId);
            const { status: state, refundedCents } = await paymentNow(payment.paymentId);
            const isKept = payStatus === PayStatus.PAID && state === SUCCEEDED;
            const isBack = orderStatus === OrderStatus.CANCELLED && state === REFUNDED;
            assert.ok(
              isKept || (isBack && refundedCents === payment.amountCents),
              `${orderStatus} ${state}`,
            );
          });
        });
      }

      it("refunds the order once, also if the provider's answers are lost", async () => {
        const opened = await at.open(name);
        const { payment, order } = opened;
        await account.pay(payment);
        await whenPaid(order.orderId);
        await account.faults({ loseAnswers: 3 });
        await at.shop.admin.order.refundOrder({ orderId: order.orderId, requestId: newKey() });
        await whenRefunded(opened, account, payment.amountCents);
        assert.equal((await account.refunds(payment)).length, 1);
        await whenStatus(payment.paymentId, REFUNDED);
      });

      // Refunds of one payment are a minute apart there.
      if (name !== "wechatpay") {
        it("refunds the lines of an order one after the other, to the cent", async () => {
          const opened = await at.open(name);
          const { payment, order, shopper } = opened;
          await account.pay(payment);
          await whenPaid(order.orderId);
          const { orderId } = order;
          const lines = shopper.goodsIds.map((goodsId) => ({ goodsId, quantity: 1n }));
          for (const line of [...lines, lines[0]]) {
            assert.ok(line);
            const requestId = newKey();
            await eventually(() =>
              at.shop.admin.order.refundOrder({ orderId, requestId, lines: [line] }),
            );
          }
          await whenRefunded(opened, account, payment.amountCents);
          assert.equal(new Set(await account.refunds(payment)).size, 3);
        });
      }
    });
  }

  it("accepts every callback of Stripe while the secret of its webhook is rolled", async () => {
    const { stripe } = at.shop.simulators;
    const payAll = async () => {
      const opened = await Promise.all(Array.from({ length: 5 }, () => at.open("stripe")));
      await Promise.all(opened.map(({ payment }) => at.account("stripe").pay(payment)));
      await Promise.all(opened.map(({ order }) => whenPaid(order.orderId)));
    };
    const refusedSignatures = async () => {
      const [row] = await at.shop.sql<{ number: bigint }>(
        "pay",
        "select count(*) as number from callbacks where provider = 'stripe' and cause = 'signature'",
      );
      return row?.number;
    };
    const before = await refusedSignatures();
    await stripe.command("roll");
    await payAll();
    // Pay reads the file of the secrets again, which has the old one and the new one.
    await at.shop.restart("pay");
    await eventually(payAll);
    await stripe.command("drop-old");
    await payAll();
    assert.equal(await refusedSignatures(), before);
  });
});
