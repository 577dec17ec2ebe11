import assert from "node:assert/strict";
import { type Order, OrderStatus, PayStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { auditIsClean } from "../../../testbed/orders/audit.ts";
import {
  newShopper,
  type Possessions,
  possessed,
  type Shopper,
  uniqueKey,
} from "../../../testbed/orders/shoppers.ts";
import { crash } from "../../../testbed/shop/crashes.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

const CLOSE_PAYMENTS = "shop.pay.v1.PayService/ClosePayments";
/** What a shopper's order leaves to pay through the provider. */
const PAY_CENTS = 2_000n;

type Outcome =
  | "paid"
  | "refunded"
  | "shipped"
  | "completed"
  | "expired"
  | "paid in time"
  | "paid too late";
type Case = { point: string; outcome: Outcome };
type Bought = { shopper: Shopper; orderId: bigint; paymentId: bigint; requestId: string };

const transaction = (name: string) =>
  ["begin", "commit.before", "commit.after"].map((when) => `${when}:${name}`);
const publish = (fact: string) =>
  ["publish.before", "publish.after"].map((when) => `${when}:${fact}`);
const ending =
  (outcome: Outcome) =>
  (point: string): Case => ({ point, outcome });

const paying = [
  ...transaction("mark-paid"),
  "ack.before:order_pay_v1_succeeded",
  ...publish("order.v1.paid"),
].map(ending("paid"));

const refunding = [
  ...transaction("refund-order"),
  ...publish("order.v1.refund_requested"),
  ...transaction("track-refunds"),
  "ack.before:order_pay_v1_refunded",
  ...publish("order.v1.refunded"),
].map(ending("refunded"));

const shipping = [
  ...transaction("ship-order").map(ending("shipped")),
  ...transaction("confirm-receipt").map(ending("completed")),
];

const expiring = [
  ...transaction("claim-overdue"),
  `rpc.before:${CLOSE_PAYMENTS}`,
  `rpc.after:${CLOSE_PAYMENTS}`,
  ...transaction("expire-orders"),
].map(ending("expired"));
/** The provider has the money, and the shop does not know yet. */
const inTime = [`rpc.after:${CLOSE_PAYMENTS}`, "begin:expire-orders"].map(ending("paid in time"));
/** The payment is found after the order was cancelled. */
const tooLate = transaction("mark-paid").map(ending("paid too late"));

/** The transaction in which each service takes back what a refund returns. */
const transactions = { goods: "return-stock", user: "refund-balance", coupon: "release-coupons" };
type Participant = keyof typeof transactions;
const moments = [...transaction("").map((moment) => moment.slice(0, -1)), "ack.before"];
const returning = moments.map(ending("refunded"));
const pointOf = (service: Participant, moment: string) =>
  moment === "ack.before"
    ? `${moment}:${service}_order_v1_refunded`
    : `${moment}:${transactions[service]}`;

const cases = [
  ...paying,
  ...refunding,
  ...shipping,
  ...expiring,
  ...inTime,
  ...tooLate,
  ...returning,
];

type End = {
  states: [OrderStatus, PayStatus];
  /** The causes of the transitions after placing. */
  causes: string[];
  refunds: number;
  provider: string;
  has: Possessions;
};
const { CONFIRMED, COMPLETED, CANCELLED } = OrderStatus;
const kept = { ...possessed({ taken: true }), points: 30n };
const released = possessed({ taken: false });
const paid: End = {
  states: [CONFIRMED, PayStatus.PAID],
  causes: ["pay.v1.succeeded"],
  refunds: 0,
  provider: "paid, 0 refunded",
  has: kept,
};
const cancelled: End = {
  states: [CANCELLED, PayStatus.UNPAID],
  causes: ["payment_deadline"],
  refunds: 0,
  provider: "closed, 0 refunded",
  has: released,
};
const ENDS: Record<Outcome, End> = {
  paid,
  "paid in time": paid,
  shipped: { ...paid, causes: [...paid.causes, "ShipOrder"] },
  completed: {
    ...paid,
    states: [COMPLETED, PayStatus.PAID],
    causes: [...paid.causes, "ShipOrder", "ConfirmReceipt"],
  },
  refunded: {
    states: [OrderStatus.REFUNDED, PayStatus.REFUNDED],
    causes: [...paid.causes, "RefundOrder", "pay.v1.refunded"],
    refunds: 1,
    provider: `paid, ${PAY_CENTS} refunded`,
    has: released,
  },
  expired: cancelled,
  "paid too late": {
    ...cancelled,
    causes: ["CancelOrder"],
    refunds: 1,
    provider: `paid, ${PAY_CENTS} refunded`,
  },
};

describe("paid orders, when a process is killed", function () {
  this.timeout(90_000);
  let shop: Shop;
  const bought = new Map<Case, Bought>();
  before(async () => {
    const pay = { SHOP_PAYMENT_QUERY_MS: "600000", SHOP_REFUND_RETRY_MS: "100" };
    shop = await startShop({ sandbox: true, gateway: true, envOf: { pay } });
    await Promise.all(cases.map(async (one) => bought.set(one, await buy(one.outcome))));
  });
  after(() => shop?.stop());

  const of = (one: Case) => bought.get(one) as Bought;
  const orderOf = async (orderId: bigint): Promise<Order> => {
    const { order } = await shop.admin.order.getOrder({ orderId });
    return order ?? assert.fail();
  };

  /** Places an order with an open payment, and pays or ships it as far as the outcome needs. */
  async function buy(outcome: Outcome): Promise<Bought> {
    const shopper = await newShopper(shop);
    const { order } = await shopper.as.order.placeOrder(shopper.request());
    const orderId = order?.orderId ?? 0n;
    const returnUrl = "http://localhost/";
    const start = { orderId, provider: "sandbox", returnUrl };
    const { payment } = await shopper.as.pay.createPayment(start);
    assert.equal(payment?.amountCents, PAY_CENTS);
    const { paymentId } = payment;
    if (["refunded", "shipped", "completed"].includes(outcome)) {
      await shop.sandbox.pay(paymentId);
      await eventually(async () => {
        assert.equal((await orderOf(orderId)).payStatus, PayStatus.PAID);
      });
    }
    if (outcome === "completed") await ship(orderId);
    return { shopper, orderId, paymentId, requestId: uniqueKey() };
  }

  const ship = (orderId: bigint) => shop.admin.order.shipOrder({ orderId, trackingNumber: "T1" });

  /** The request that leads to the outcome. It is repeated, because the first may go unanswered. */
  async function request(one: Case): Promise<unknown> {
    const { shopper, orderId, requestId } = of(one);
    if (one.outcome === "refunded") return shop.admin.order.refundOrder({ orderId, requestId });
    if (one.outcome === "shipped") return ship(orderId);
    if (one.outcome === "completed") return shopper.as.order.confirmReceipt({ orderId });
    return undefined;
  }

  const dieAt = (point: string, act?: () => Promise<unknown>) =>
    crash(shop, { service: "order", point, ...(act && { act }) });
  const overdue = ({ orderId }: Bought) =>
    shop.sql(
      "order",
      "update orders set pay_deadline = now(3), expiry_time = now(3) where order_id = ?",
      [orderId],
    );

  for (const one of tooLate) {
    it(`order dies at ${one.point}, with a payment after the cancellation`, async () => {
      const { shopper, orderId, paymentId } = of(one);
      await shop.restart("order");
      await shop.sandbox.faults({ drop: 1_000 });
      await shop.sandbox.pay(paymentId);
      shop.freeze("pay");
      await shopper.as.order.cancelOrder({ orderId });
      await shop.sandbox.faults();
      await dieAt(one.point, async () => shop.thaw("pay"));
    });
  }

  for (const one of paying) {
    it(`order dies at ${one.point}`, () =>
      dieAt(one.point, () => shop.sandbox.pay(of(one).paymentId)));
  }

  for (const one of [...refunding, ...shipping]) {
    it(`order dies at ${one.point}`, () => dieAt(one.point, () => request(one)));
  }

  for (const one of expiring) {
    it(`order dies at ${one.point}, with an order that is not paid in time`, async () => {
      await overdue(of(one));
      await dieAt(one.point);
    });
  }

  for (const one of inTime) {
    it(`order dies at ${one.point}, with an order that was paid without a callback`, async () => {
      await shop.sandbox.faults({ drop: 1_000 });
      await shop.sandbox.pay(of(one).paymentId);
      await overdue(of(one));
      await dieAt(one.point);
      await shop.sandbox.faults();
    });
  }

  describe("during a refund", () => {
    before(() => shop.restart("order"));
    for (const one of returning) {
      it(`goods, user and coupon die at ${one.point}`, async () => {
        let waiting = Object.keys(transactions).length;
        const { promise: all, resolve: go } = Promise.withResolvers<void>();
        const act = async () => {
          waiting -= 1;
          if (waiting === 0) go(request(one).then(() => {}));
          await all;
        };
        const dying = (Object.keys(transactions) as Participant[]).map((service) =>
          crash(shop, { service, point: pointOf(service, one.point), act }),
        );
        await Promise.all(dying);
      });
    }
  });

  describe("after the restart", () => {
    const atProvider = new Map<string, string>();
    before(async () => {
      await Promise.all(
        (["order", "goods", "user", "coupon"] as const).map((s) => shop.restart(s)),
      );
      for (const one of cases) await request(one);
      await auditIsClean(shop);
      const { payments } = await shop.sandbox.state();
      for (const { paymentId, state, refundedCents } of payments) {
        atProvider.set(paymentId, `${state}, ${refundedCents} refunded`);
      }
    });

    for (const one of cases) {
      const { point, outcome } = one;
      it(`the order killed at ${point} ends exactly once as "${outcome}"`, async () => {
        const { shopper, orderId, paymentId } = of(one);
        const end = ENDS[outcome];
        const { orderStatus, payStatus, refunds } = await orderOf(orderId);
        assert.deepEqual([orderStatus, payStatus], end.states);
        assert.equal(refunds.length, end.refunds);
        assert.ok(refunds.every(({ status }) => status === RefundStatus.SUCCEEDED));
        assert.equal(atProvider.get(String(paymentId)), end.provider);
        const { entries } = await shop.admin.order.listOrderHistory({ orderId });
        const causes = entries.map(({ cause }) => cause);
        assert.deepEqual(causes, ["PlaceOrder", "PlaceOrder", ...end.causes]);
        assert.deepEqual(await shopper.possessions(), end.has);
      });
    }
  });
});
