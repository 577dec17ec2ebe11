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
/** What is left of a shopper's order for the platform. */
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
  ...transaction("finish-refund"),
  "ack.before:order_pay_v1_refunded",
  ...publish("order.v1.refunded"),
].map(ending("refunded"));

const sending = [
  ...transaction("ship-order").map(ending("shipped")),
  ...transaction("confirm-receipt").map(ending("completed")),
];

const expiring = [
  ...transaction("claim-overdue"),
  `rpc.before:${CLOSE_PAYMENTS}`,
  `rpc.after:${CLOSE_PAYMENTS}`,
  ...transaction("expire-orders"),
].map(ending("expired"));
/** The platform has the money, and only it knows. */
const inTime = [`rpc.after:${CLOSE_PAYMENTS}`, "begin:expire-orders"].map(ending("paid in time"));
/** The order is cancelled when the money is found. */
const tooLate = transaction("mark-paid").map(ending("paid too late"));

/** What the other services do when a refund is through, by the same moment of each. */
const holders = { goods: "return-stock", user: "refund-balance", coupon: "release-coupons" };
type Holder = keyof typeof holders;
const moments = [...transaction("").map((moment) => moment.slice(0, -1)), "ack.before"];
const returning = moments.map(ending("refunded"));
const pointOf = (holder: Holder, moment: string) =>
  moment === "ack.before"
    ? `${moment}:${holder}_order_v1_refunded`
    : `${moment}:${holders[holder]}`;

const cases = [
  ...paying,
  ...refunding,
  ...sending,
  ...expiring,
  ...inTime,
  ...tooLate,
  ...returning,
];

type End = {
  states: [OrderStatus, PayStatus];
  /** What changed the order after it was placed. */
  causes: string[];
  refunds: number;
  platform: string;
  has: Possessions;
};
const { CONFIRMED, COMPLETED, CANCELLED } = OrderStatus;
const kept = { ...possessed({ taken: true }), points: 30n };
const given = possessed({ taken: false });
const paid: End = {
  states: [CONFIRMED, PayStatus.PAID],
  causes: ["pay.v1.succeeded"],
  refunds: 0,
  platform: "paid, 0 back",
  has: kept,
};
const cancelled: End = {
  states: [CANCELLED, PayStatus.UNPAID],
  causes: ["payment_deadline"],
  refunds: 0,
  platform: "closed, 0 back",
  has: given,
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
    platform: `paid, ${PAY_CENTS} back`,
    // The points of the shipping fee stay.
    has: { ...given, points: 10n },
  },
  expired: cancelled,
  "paid too late": {
    ...cancelled,
    causes: ["CancelOrder"],
    refunds: 1,
    platform: `paid, ${PAY_CENTS} back`,
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

  /** An order with an open payment, or what comes before the outcome: a paid one, one that was shipped. */
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

  /** What somebody wants, and asks for again when it was not answered. */
  async function ask(one: Case): Promise<unknown> {
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
    it(`order dies at ${one.point}, of money that came after the cancellation`, async () => {
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

  for (const one of [...refunding, ...sending]) {
    it(`order dies at ${one.point}`, () => dieAt(one.point, () => ask(one)));
  }

  for (const one of expiring) {
    it(`order dies at ${one.point}, of an order that nobody paid`, async () => {
      await overdue(of(one));
      await dieAt(one.point);
    });
  }

  for (const one of inTime) {
    it(`order dies at ${one.point}, of an order that was paid without a callback`, async () => {
      await shop.sandbox.faults({ drop: 1_000 });
      await shop.sandbox.pay(of(one).paymentId);
      await overdue(of(one));
      await dieAt(one.point);
      await shop.sandbox.faults();
    });
  }

  describe("where a refund gives back", () => {
    before(() => shop.restart("order"));
    for (const one of returning) {
      it(`goods, user and coupon die at ${one.point} of it`, async () => {
        let waiting = Object.keys(holders).length;
        const { promise: all, resolve: go } = Promise.withResolvers<void>();
        const act = async () => {
          waiting -= 1;
          if (waiting === 0) go(ask(one).then(() => {}));
          await all;
        };
        const dying = (Object.keys(holders) as Holder[]).map((service) =>
          crash(shop, { service, point: pointOf(service, one.point), act }),
        );
        await Promise.all(dying);
      });
    }
  });

  describe("and started again", () => {
    const platform = new Map<string, string>();
    before(async () => {
      await Promise.all(
        (["order", "goods", "user", "coupon"] as const).map((s) => shop.restart(s)),
      );
      for (const one of cases) await ask(one);
      await auditIsClean(shop);
      const { payments } = await shop.sandbox.state();
      for (const { paymentId, state, refundedCents } of payments) {
        platform.set(paymentId, `${state}, ${refundedCents} back`);
      }
    });

    for (const one of cases) {
      const { point, outcome } = one;
      it(`has the one outcome "${outcome}" after ${point}`, async () => {
        const { shopper, orderId, paymentId } = of(one);
        const end = ENDS[outcome];
        const { orderStatus, payStatus, refunds } = await orderOf(orderId);
        assert.deepEqual([orderStatus, payStatus], end.states);
        assert.equal(refunds.length, end.refunds);
        assert.ok(refunds.every(({ status }) => status === RefundStatus.SUCCEEDED));
        assert.equal(platform.get(String(paymentId)), end.platform);
        const { entries } = await shop.admin.order.listOrderHistory({ orderId });
        const causes = entries.map(({ cause }) => cause);
        assert.deepEqual(causes, ["PlaceOrder", "PlaceOrder", ...end.causes]);
        assert.deepEqual(await shopper.possessions(), end.has);
      });
    }
  });
});
