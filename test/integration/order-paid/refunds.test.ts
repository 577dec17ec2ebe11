import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import {
  type Order,
  OrderStatus,
  PayStatus,
  RefundStatus,
  ShippingStatus,
} from "#proto/shop/order/v1/order_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { ALL_CENTS, answerTo, possessed, uniqueKey } from "../../../testbed/orders/shoppers.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { PAY_CENTS, type Payer, startPayer } from "./payer.ts";

describe("refunds, shipping and receipt", () => {
  let shop: Shop;
  let payer: Payer;
  before(async function () {
    this.timeout(60_000);
    shop = await startShop({ services: ["goods", "coupon", "user", "order"] });
    payer = await startPayer(shop);
  });
  after(async () => {
    await payer?.close();
    await shop?.stop();
  });

  const refund = (
    order: Order,
    lines: { goodsId: bigint; quantity: bigint }[] = [],
    requestId = uniqueKey(),
  ) =>
    answerTo(
      shop.admin.order.refundOrder({ requestId, orderId: order.orderId, lines, note: "test" }),
    );
  const ship = (order: Order, trackingNumber = "T1") =>
    answerTo(shop.admin.order.shipOrder({ orderId: order.orderId, trackingNumber }));

  it("one refund returns everything: payment, balance, stock, coupon and points", async () => {
    const { shopper, order } = await payer.paidOrder();
    const { order: requested } = await refund(order);
    assert.equal(requested?.payStatus, PayStatus.REFUNDING);
    assert.equal(requested?.refunds[0]?.payAmountCents, PAY_CENTS);
    assert.equal(requested?.refunds[0]?.balanceCents, 1_000n);
    await payer.finishRefunds(order);
    const refunded = await payer.when(order, ({ payStatus }) => payStatus === PayStatus.REFUNDED);
    assert.equal(refunded.orderStatus, OrderStatus.REFUNDED);
    assert.ok(refunded.closeTime);
    assert.equal(refunded.refunds[0]?.status, RefundStatus.SUCCEEDED);
    const back = possessed({ taken: false });
    await eventually(async () => assert.deepEqual(await shopper.possessions(), back));
  });

  it("refunds line by line to the cent, and the last one closes the order", async () => {
    const { shopper, order } = await payer.paidOrder();
    const [first, second] = shopper.goodsIds;
    const steps = [{ goodsId: first, quantity: 1n }, { goodsId: second, quantity: 1n }, undefined];
    for (const step of steps) {
      const { order: requested } = await refund(order, step ? [step] : []);
      assert.ok(requested);
      await payer.finishRefunds(order, [requested.refunds.at(-1)?.refundId ?? 0n]);
      const last = step === undefined ? PayStatus.REFUNDED : PayStatus.PARTIALLY_REFUNDED;
      await payer.when(order, ({ payStatus }) => payStatus === last);
    }
    const { refunds, orderStatus } = await payer.read(order);
    assert.equal(orderStatus, OrderStatus.REFUNDED);
    const sum = (amounts: bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);
    assert.equal(sum(refunds.map(({ payAmountCents }) => payAmountCents)), PAY_CENTS);
    assert.equal(sum(refunds.map(({ balanceCents }) => balanceCents)), 1_000n);
    const back = possessed({ taken: false });
    await eventually(async () => assert.deepEqual(await shopper.possessions(), back));
  });

  it("judges each order by its own refunds when those of many orders finish at once", async () => {
    const paid = await Promise.all(Array.from({ length: 12 }, () => payer.paidOrder()));
    const isWhole = (index: number) => index % 2 === 0;
    const requested = await Promise.all(
      paid.map(async ({ shopper, order }, index) => {
        const line = { goodsId: shopper.goodsIds[0], quantity: 1n };
        return (await refund(order, isWhole(index) ? [] : [line])).order?.refunds[0]?.refundId;
      }),
    );
    await Promise.all(
      paid.map(({ order }, index) => payer.finishRefunds(order, [requested[index] ?? 0n])),
    );
    for (const [index, { order }] of paid.entries()) {
      const { payStatus } = await payer.when(order, (now) => {
        return now.payStatus !== PayStatus.REFUNDING;
      });
      const own = isWhole(index) ? PayStatus.REFUNDED : PayStatus.PARTIALLY_REFUNDED;
      assert.equal(payStatus, own);
    }
  });

  it("finishes at once when nothing was paid through a provider", async () => {
    const { shopper } = await payer.unpaidOrder();
    const request = shopper.request({ couponId: 0n, balanceCents: ALL_CENTS + 500n });
    const { order } = await shopper.as.order.placeOrder(request);
    assert.equal(order?.payStatus, PayStatus.PAID);
    const { order: refunded } = await refund(order);
    assert.equal(refunded?.orderStatus, OrderStatus.REFUNDED);
    assert.equal(refunded?.refunds[0]?.status, RefundStatus.SUCCEEDED);
  });

  it("makes one refund of one request_id, and refuses the key with other contents", async () => {
    const { shopper, order } = await payer.paidOrder();
    const requestId = uniqueKey();
    const line = [{ goodsId: shopper.goodsIds[0], quantity: 1n }];
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => refund(order, line, requestId)),
    );
    assert.deepEqual(
      answers.map(({ order: one }) => one?.refunds.length),
      Array(10).fill(1),
    );
    const { refusal } = await refund(order, [], requestId);
    assert.equal(refusal?.reason, Reason.REQUEST_ID_REUSED);
  });

  it("grants one of two concurrent refunds of everything", async () => {
    const { order } = await payer.paidOrder();
    const answers = await Promise.all([refund(order), refund(order)]);
    const refused = answers.flatMap(({ refusal }) => refusal?.reason ?? []);
    assert.deepEqual(refused, [Reason.ORDER_STATE_INVALID]);
  });

  it("refuses unpaid orders, unknown goods, too many units and refunded lines", async () => {
    const { shopper, order } = await payer.unpaidOrder();
    assert.equal((await refund(order)).refusal?.reason, Reason.ORDER_STATE_INVALID);
    await payer.pay(order);
    await payer.when(order, ({ payStatus }) => payStatus === PayStatus.PAID);
    const wanted = async (goodsId: bigint, quantity: bigint) =>
      (await refund(order, [{ goodsId, quantity }])).refusal?.reason;
    assert.equal(await wanted(shopper.goodsIds[0], 3n), Reason.INVALID_ARGUMENT);
    assert.equal(await wanted(shopper.goodsIds[0], 0n), Reason.INVALID_ARGUMENT);
    assert.equal(await wanted(1n, 1n), Reason.INVALID_ARGUMENT);
    await refund(order, [{ goodsId: shopper.goodsIds[1], quantity: 1n }]);
    assert.equal(await wanted(shopper.goodsIds[1], 1n), Reason.INVALID_ARGUMENT);
    const missing = { ...order, orderId: 1n };
    assert.equal((await refund(missing)).refusal?.reason, Reason.ORDER_NOT_FOUND);
  });

  it("ships a paid order once, and completes it when the user confirms the receipt", async () => {
    const { shopper, order } = await payer.paidOrder();
    const { orderId } = order;
    const receipt = () => answerTo(shopper.as.order.confirmReceipt({ orderId }));
    assert.equal((await receipt()).refusal?.reason, Reason.ORDER_STATE_INVALID);
    const { order: shipped } = await ship(order);
    assert.equal(shipped?.shippingStatus, ShippingStatus.SHIPPED);
    assert.equal(shipped?.trackingNumber, "T1");
    assert.ok(shipped?.shipTime);
    assert.ok((await ship(order)).order);
    assert.equal((await ship(order, "T2")).refusal?.reason, Reason.ORDER_STATE_INVALID);
    const other = await payer.paidOrder();
    const { refusal } = await answerTo(other.shopper.as.order.confirmReceipt({ orderId }));
    assert.equal(refusal?.reason, Reason.ORDER_NOT_FOUND);
    const { order: completed } = await receipt();
    assert.equal(completed?.orderStatus, OrderStatus.COMPLETED);
    assert.equal(completed?.shippingStatus, ShippingStatus.RECEIVED);
    assert.ok((await receipt()).order);
    const { order: refunding } = await refund(order);
    assert.equal(refunding?.payStatus, PayStatus.REFUNDING);
  });

  it("does not ship an unpaid order, nor one with a refund under way", async () => {
    const { order } = await payer.unpaidOrder();
    assert.equal((await ship(order)).refusal?.reason, Reason.ORDER_STATE_INVALID);
    const paid = await payer.paidOrder();
    await refund(paid.order);
    assert.equal((await ship(paid.order)).refusal?.reason, Reason.ORDER_STATE_INVALID);
  });

  it("ships before a concurrent refund or not at all", async function () {
    this.timeout(60_000);
    const rounds = Array.from({ length: 20 }, async () => {
      const { order } = await payer.paidOrder();
      const [refunding, shipping] = await Promise.all([refund(order), ship(order)]);
      assert.ok(refunding.order, "a refund is allowed before and after shipping");
      const end = await payer.read(order);
      const shipped = end.shippingStatus === ShippingStatus.SHIPPED;
      assert.equal(shipping.order !== undefined, shipped);
    });
    await Promise.all(rounds);
  });

  it("refuses malformed requests", async () => {
    const { order } = await payer.paidOrder();
    const { orderId } = order;
    const reasons = await Promise.all([
      answerTo(shop.admin.order.shipOrder({ orderId, trackingNumber: "" })),
      answerTo(shop.admin.order.shipOrder({ orderId, trackingNumber: "x".repeat(65) })),
      answerTo(shop.admin.order.refundOrder({ requestId: "", orderId })),
      answerTo(shop.admin.order.refundOrder({ requestId: uniqueKey(), orderId: 0n })),
    ]);
    for (const { refusal } of reasons) assert.equal(refusal?.reason, Reason.INVALID_ARGUMENT);
  });
});
