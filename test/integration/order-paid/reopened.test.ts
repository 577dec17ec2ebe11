import assert from "node:assert/strict";
import pMap from "p-map";
import type { EVENTS } from "#proto/events.ts";
import { type Order, OrderStatus, PayStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newKey } from "../../../testbed/orders/fixtures.ts";
import { possessed } from "../../../testbed/orders/shoppers.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { PAY_CENTS, type Payer, startPayer } from "./payer.ts";

type Report = { fact: keyof (typeof EVENTS)["pay"]; reopens: number };

/** What pay reports of one refund, in the sequence in which it happens. */
const REPORTS: readonly Report[] = [
  { fact: "pay.v1.refund_requires_action", reopens: 0 },
  { fact: "pay.v1.refunded", reopens: 0 },
  { fact: "pay.v1.refund_reopened", reopens: 1 },
  { fact: "pay.v1.refunded", reopens: 1 },
];

function permutations<T>(all: readonly T[]): T[][] {
  if (all.length === 0) return [[]];
  return all.flatMap((one, index) =>
    permutations(all.toSpliced(index, 1)).map((rest) => [one, ...rest]),
  );
}

describe("refunds that reopen", function () {
  this.timeout(60_000);
  let shop: Shop;
  let payer: Payer;
  before(async () => {
    shop = await startShop({ services: ["goods", "coupon", "user", "order"] });
    payer = await startPayer(shop);
  });
  after(async () => {
    await payer?.close();
    await shop?.stop();
  });

  const refund = async (
    { orderId }: Order,
    lines: { goodsId: bigint; quantity: bigint }[] = [],
  ): Promise<bigint> => {
    const request = { requestId: newKey(), orderId, lines };
    const { order } = await shop.admin.order.refundOrder(request);
    return order?.refunds.at(-1)?.refundId ?? 0n;
  };
  const report = async ({ orderId }: Order, refundId: bigint, { fact, reopens }: Report) => {
    const message = { orderId, refundId, amountCents: PAY_CENTS, reopens, detail: "because" };
    const eventId = await payer.events.publishMessage(fact, message);
    await eventually(async () => {
      const handled = "select event_id from inbox where event_id = ?";
      assert.equal((await shop.sql("order", handled, [eventId])).length, 1);
    });
  };
  const refundedEvents = ({ orderId }: Order) =>
    shop.sql(
      "order",
      "select event_id from outbox where order_id = ? and fact = 'order.v1.refunded'",
      [orderId],
    );

  it("end the same and return everything once, in whichever order pay's reports arrive", async () => {
    await pMap(
      permutations(REPORTS),
      async (reports) => {
        const { shopper, order } = await payer.paidOrder();
        const refundId = await refund(order);
        for (const one of [...reports, ...reports]) await report(order, refundId, one);
        const end = await payer.read(order);
        const name = reports.map(({ fact, reopens }) => `${fact} ${reopens}`).join(", ");
        assert.equal(end.refunds[0]?.status, RefundStatus.SUCCEEDED, name);
        assert.equal(end.orderStatus, OrderStatus.REFUNDED, name);
        assert.equal(end.payStatus, PayStatus.REFUNDED, name);
        assert.equal((await refundedEvents(order)).length, 1, name);
        const back = possessed({ taken: false });
        await eventually(async () => assert.deepEqual(await shopper.possessions(), back, name));
      },
      { concurrency: 8 },
    );
  });

  it("show the shopper each step", async () => {
    const { order } = await payer.paidOrder();
    const refundId = await refund(order);
    const states = [];
    for (const one of REPORTS) {
      await report(order, refundId, one);
      const { orderStatus, payStatus, refunds } = await payer.read(order);
      const isFinished = refunds[0]?.finishTime !== undefined;
      states.push([orderStatus, payStatus, refunds[0]?.status, isFinished]);
    }
    const { CONFIRMED, REFUNDED } = OrderStatus;
    assert.deepEqual(states, [
      [CONFIRMED, PayStatus.REFUNDING, RefundStatus.REQUIRES_ACTION, false],
      [REFUNDED, PayStatus.REFUNDED, RefundStatus.SUCCEEDED, true],
      [REFUNDED, PayStatus.REFUNDING, RefundStatus.REQUESTED, false],
      [REFUNDED, PayStatus.REFUNDED, RefundStatus.SUCCEEDED, true],
    ]);
    const { entries } = await shop.admin.order.listOrderHistory({ orderId: order.orderId });
    assert.deepEqual(
      entries.slice(-3).map(({ cause, detail }) => [cause, detail]),
      [
        ["pay.v1.refunded", `refund ${refundId}`],
        ["pay.v1.refund_reopened", `refund ${refundId}: because`],
        ["pay.v1.refunded", `refund ${refundId}`],
      ],
    );
  });

  it("of a payment that the order did not need leave the order as it is", async () => {
    const { order } = await payer.paidOrder();
    await payer.pay(order);
    const { refunds, orderId } = await payer.when(order, (now) => now.refunds.length === 1);
    const refundId = refunds[0]?.refundId ?? 0n;
    const history = async () =>
      (await shop.admin.order.listOrderHistory({ orderId })).entries.length;
    const before = await history();
    const seen = [];
    for (const one of REPORTS) {
      await report(order, refundId, one);
      const now = await payer.read(order);
      assert.deepEqual([await history(), now.payStatus], [before, PayStatus.PAID]);
      seen.push(now.refunds[0]?.status);
    }
    const { REQUIRES_ACTION, SUCCEEDED, REQUESTED } = RefundStatus;
    assert.deepEqual(seen, [REQUIRES_ACTION, SUCCEEDED, REQUESTED, SUCCEEDED]);
    assert.deepEqual(await refundedEvents(order), []);
  });

  it("leave the rest of the order as it is", async () => {
    const { shopper, order } = await payer.paidOrder();
    const [goodsId] = shopper.goodsIds;
    const part = await refund(order, [{ goodsId, quantity: 1n }]);
    await report(order, part, { fact: "pay.v1.refunded", reopens: 0 });
    await report(order, part, { fact: "pay.v1.refund_reopened", reopens: 1 });
    const open = await payer.read(order);
    assert.deepEqual(
      [open.orderStatus, open.payStatus],
      [OrderStatus.CONFIRMED, PayStatus.REFUNDING],
    );
    const whole = await refund(order);
    await report(order, whole, { fact: "pay.v1.refunded", reopens: 0 });
    assert.equal((await payer.read(order)).payStatus, PayStatus.REFUNDING);
    await report(order, part, { fact: "pay.v1.refunded", reopens: 1 });
    assert.equal((await payer.read(order)).payStatus, PayStatus.REFUNDED);
    assert.equal((await refundedEvents(order)).length, 2);
  });
});
