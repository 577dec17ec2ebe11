import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { CancelReason, type Order, OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { booksBalance } from "../../../testbed/orders/books.ts";
import {
  ALL_CENTS,
  type Answer,
  answerTo,
  BALANCE_CENTS,
  newShopper,
  ORDER_CENTS,
  type PlaceRequest,
  possessed,
  type Shopper,
} from "../../../testbed/orders/shoppers.ts";
import { crash } from "../../../testbed/shop/crashes.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

const GOODS = "shop.goods.v1.GoodsService/ReserveStock";
const COUPON = "shop.coupon.v1.CouponService/UseCoupons";
const USER = "shop.user.v1.UserService/DeductBalance";
const INBOX = "shop.common.v1.InboxService/ListMissingEvents";

type Outcome = "confirmed" | "paid" | "overpaid" | "abandoned" | "cancelled" | "expired";
type Point = { point: string; outcome: Outcome };

const transaction = (name: string) =>
  ["begin", "commit.before", "commit.after"].map((when) => `${when}:${name}`);
const call = (method: string) => ["rpc.before", "rpc.after"].map((when) => `${when}:${method}`);
const publish = (fact: string) =>
  ["publish.before", "publish.after"].map((when) => `${when}:${fact}`);
const ending =
  (outcome: Outcome) =>
  (point: string): Point => ({ point, outcome });

/** The points before and after each call, commit and publication of placing an order. */
const placing: Point[] = [
  // The order is not saved yet: the repeated request places it.
  ...["begin:save-pending", "commit.before:save-pending"].map(ending("confirmed")),
  ...[
    "commit.after:save-pending",
    ...[GOODS, COUPON, USER].flatMap(call),
    "begin:settle-orders",
    "commit.before:settle-orders",
  ].map(ending("abandoned")),
  ...["commit.after:settle-orders", ...publish("order.v1.confirmed")].map(ending("confirmed")),
  ...publish("order.v1.paid").map(ending("paid")),
];

/** The life of the event that releases everything of an order refused in its last step. */
const compensating: Point[] = [
  ...publish("order.v1.cancelled"),
  ...["mark-published", "claim-published"].flatMap(transaction),
  ...call(INBOX),
  ...transaction("mark-confirmed"),
].map(ending("overpaid"));

/** Points that an event of an earlier order may reach while the process still places this one. */
const relayPoints = /publish|Inbox|(claim|mark)-/;

const cancelling: Point[] = transaction("cancel-order").map(ending("cancelled"));

/** Work that a killed process leaves behind and that the next one takes over once it is old. */
const leftovers: { work: string; leftAt: string; age: string; outcome: Outcome }[] = [
  {
    work: "recover-orders",
    leftAt: "commit.before:settle-orders",
    age: "update orders set create_time = create_time - interval 1 minute where user_id = ?",
    outcome: "abandoned",
  },
  {
    work: "expire-orders",
    leftAt: "commit.after:settle-orders",
    age: "update orders set pay_deadline = now(3), expiry_time = now(3) where user_id = ?",
    outcome: "expired",
  },
  {
    work: "claim-outbox",
    leftAt: "publish.before:order.v1.cancelled",
    age: `update outbox set next_at = now(3) where state = 1
      and order_id in (select order_id from orders where user_id = ?)`,
    outcome: "overpaid",
  },
];

describe("the order process, when it is killed", function () {
  this.timeout(90_000);
  let shop: Shop;
  const shoppers = new Map<string, { shopper: Shopper; request: PlaceRequest }>();
  const points = [...placing, ...compensating, ...cancelling];
  const all = [...points, ...leftovers.map(({ work, outcome }) => ({ point: work, outcome }))];

  before(async () => {
    shop = await startShop({
      services: ["goods", "coupon", "user", "order", "pay"],
      env: { SHOP_ABANDONED_AFTER_SECONDS: "15" },
    });
    for (const { point, outcome } of all) {
      const shopper = await newShopper(shop);
      const request = shopper.request({ balanceCents: spending(outcome) });
      shoppers.set(point, { shopper, request });
    }
  });
  after(() => shop?.stop());

  const of = (point: string) => shoppers.get(point) as { shopper: Shopper; request: PlaceRequest };

  /** The client's request. It is repeated, because the first may go unanswered. */
  async function send({ point, outcome }: Point): Promise<Answer> {
    const { shopper, request } = of(point);
    const answer = await answerTo(shopper.as.order.placeOrder(request));
    const { orderId } = answer.order ?? {};
    if (outcome !== "cancelled" || orderId === undefined) return answer;
    return answerTo(shopper.as.order.cancelOrder({ orderId }));
  }

  for (const at of points) {
    it(`dies at ${at.point}`, () =>
      crash(shop, { service: "order", point: at.point, act: () => send(at) }));
  }

  for (const { work, leftAt, age, outcome } of leftovers) {
    it(`dies at ${leftAt} and leaves ${work} to the next process`, async () => {
      const act = () => send({ point: work, outcome });
      await crash(shop, { service: "order", point: leftAt, act });
      await shop.sql("order", age, [of(work).shopper.userId]);
    });
    for (const point of transaction(work)) {
      it(`dies at ${point} with that work`, () => crash(shop, { service: "order", point }));
    }
  }

  describe("after the restart", () => {
    const answers = new Map<string, Answer>();
    before(async () => {
      await shop.restart("order");
      await booksBalance(shop);
      await Promise.all(all.map(async (at) => answers.set(at.point, await send(at))));
      await booksBalance(shop);
    });

    for (const at of all) {
      const { point, outcome } = at;
      it(`the order killed at ${point} ends exactly once as "${outcome}"`, async () => {
        const { shopper } = of(point);
        const { orders } = await shopper.as.order.listOrders({ userId: shopper.userId });
        assert.equal(orders.length, 1);
        const found = outcomeOf(orders[0]);
        if (found !== "abandoned" || !relayPoints.test(point)) assert.equal(found, outcome);
        const taken = found === "confirmed" || found === "paid";
        const balanceCents = spending(outcome);
        assert.deepEqual(await shopper.possessions(), possessed({ taken, balanceCents }));
        const answer = await send(at);
        assert.deepEqual(answer, answers.get(point));
        if (answer.order) assert.deepEqual(answer.order, orders[0]);
        else assert.equal(answer.refusal?.reason, orders[0]?.failure?.reason);
      });
    }
  });
});

function spending(outcome: Outcome): bigint {
  if (outcome === "paid") return ALL_CENTS;
  return outcome === "overpaid" ? ORDER_CENTS : BALANCE_CENTS;
}

function outcomeOf(order: Order | undefined): Outcome | "none" {
  if (order?.orderStatus === OrderStatus.CONFIRMED) {
    return order.payStatus === PayStatus.PAID ? "paid" : "confirmed";
  }
  if (order?.failure?.reason === Reason.OVERPAID) return "overpaid";
  const reasons: Partial<Record<CancelReason, Outcome>> = {
    [CancelReason.ABANDONED]: "abandoned",
    [CancelReason.BY_USER]: "cancelled",
    [CancelReason.BY_ADMIN]: "cancelled",
    [CancelReason.PAYMENT_TIMEOUT]: "expired",
  };
  return reasons[order?.cancelReason ?? CancelReason.UNSPECIFIED] ?? "none";
}
