import assert from "node:assert/strict";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import pMap from "p-map";
import { OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { outcome } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { type EventPublisher, eventPublisher } from "../../../testbed/orders/events.ts";
import {
  insertUsers,
  newGoods,
  newId,
  newKey,
  placeRequest,
} from "../../../testbed/orders/fixtures.ts";
import { sequences, walksOf } from "../../../testbed/sequences.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

/** 3 x 5.00, and 10.00 for shipping. */
const [PRICE, QUANTITY, PAY_CENTS] = [500n, 3n, 2_500n];

/**
 * Steps of an unpaid order. S: a payment succeeds. T: another payment succeeds. C: cancel.
 * W: refund all that is left. B: pay finishes the requested refunds.
 */
const PAYING = ["S", "T", "C", "W", "B"] as const;
/**
 * Steps of a paid order. P: refund one unit. W: refund all that is left. 1: pay finishes P. 2: pay
 * finishes W.
 */
const REFUNDING = ["P", "W", "1", "2"] as const;
type Step = (typeof PAYING)[number] | (typeof REFUNDING)[number];

type Walk = {
  steps: readonly Step[];
  orderId: bigint;
  paymentIds: { S: bigint; T: bigint };
  /** The first event of each step. Half of the walks repeat its id, the others use a new one. */
  eventIds: Map<Step, bigint>;
  requestIds: { P: string; W: string };
  goodsId: bigint;
  expected: Expected;
};

/** The rules of the contract, written independently, for one order and one step after the other. */
class Expected {
  paidBy: "S" | "T" | undefined;
  isCancelled = false;
  readonly refunded = new Set<Step>();

  /** Takes a step and returns the expected answer; events always answer "ok". */
  take(step: Step): string {
    const refused = "ORDER_STATE_INVALID";
    if (step === "S" || step === "T") {
      if (this.paidBy === undefined && !this.isCancelled) this.paidBy = step;
      else if (this.paidBy !== step) this.refunded.add(step);
      return "ok";
    }
    if (step === "C") {
      if (this.paidBy !== undefined) return refused;
      this.isCancelled = true;
      return "ok";
    }
    if (step !== "P" && step !== "W") return "ok";
    if (this.refunded.has(step)) return "ok";
    if (this.paidBy === undefined || this.refunded.has("W")) return refused;
    this.refunded.add(step);
    return "ok";
  }

  /** The end, after all requested refunds have finished. */
  get end(): End {
    const { CANCELLED, CONFIRMED, REFUNDED } = OrderStatus;
    const isWhole = this.refunded.has("W");
    const part = this.refunded.has("P") ? PayStatus.PARTIALLY_REFUNDED : PayStatus.PAID;
    const paid = isWhole ? PayStatus.REFUNDED : part;
    const cents = [...this.refunded].map((step) => {
      if (step === "P") return PRICE;
      return step === "W" && this.refunded.has("P") ? PAY_CENTS - PRICE : PAY_CENTS;
    });
    return {
      orderStatus: this.isCancelled ? CANCELLED : isWhole ? REFUNDED : CONFIRMED,
      payStatus: this.paidBy === undefined ? PayStatus.UNPAID : paid,
      paidBy: this.paidBy,
      refunds: this.refunded.size,
      cents: cents.reduce((sum, one) => sum + one, 0n),
    };
  }
}

type End = {
  orderStatus: number;
  payStatus: number;
  paidBy: "S" | "T" | undefined;
  refunds: number;
  cents: bigint;
};

const LONGEST = 5;

/**
 * Whether a walk says something that no other does. A shorter walk has the same end as the one that
 * goes on with pay's steps, because each walk ends with them. S and T are alike, so the first
 * payment is S; which of the two has the smaller id differs from walk to walk.
 */
function isDistinct(steps: readonly Step[]): boolean {
  const first = steps.find((step) => step === "S" || step === "T");
  return steps.length >= LONGEST && first !== "T";
}

const IN_FLIGHT = 128;
/** The refund, by its note, that the step finishes. */
const FINISHED: { [step: string]: string } = { 1: "P", 2: "W" };

describe("payments and refunds in every sequence and multiplicity", function () {
  this.timeout(240_000);
  let shop: Shop;
  let events: EventPublisher;
  before(async () => {
    shop = await startShop({ services: ["goods", "coupon", "user", "order"] });
    events = await eventPublisher(shop);
  });
  after(async () => {
    await events?.close();
    await shop?.stop();
  });

  async function ordersFor(all: readonly (readonly Step[])[]): Promise<Walk[]> {
    const [userId = 0n] = await insertUsers(shop, 1);
    const goods = await newGoods(shop, { unitPriceCents: PRICE, stock: 1_000_000n });
    const walks: Walk[] = [];
    await pMap(
      all,
      async (steps) => {
        const request = placeRequest({ userId, lines: [[goods, QUANTITY]] });
        const { order } = await shop.admin.order.placeOrder(request);
        const [one, other] = [newId(), newId()];
        assert.equal(order?.payAmountCents, PAY_CENTS);
        walks.push({
          steps,
          orderId: order.orderId,
          paymentIds: walks.length % 2 === 0 ? { S: one, T: other } : { S: other, T: one },
          eventIds: new Map(),
          requestIds: { P: newKey(), W: newKey() },
          goodsId: goods.goodsId,
          expected: new Expected(),
        });
      },
      { concurrency: IN_FLIGHT },
    );
    return walks;
  }

  /** Takes one step of each walk. Resolves when the order service has handled all its events. */
  async function step(walks: readonly Walk[], stepOf: (walk: Walk) => Step | undefined) {
    const refunds = Map.groupBy(
      await shop.sql<{ orderId: bigint; refundId: bigint; note: string }>(
        "order",
        "select order_id as orderId, refund_id as refundId, note from refunds",
      ),
      ({ orderId }) => orderId,
    );
    const eventIds: bigint[] = [];
    await pMap(
      walks,
      async (walk) => {
        const next = stepOf(walk);
        if (next === undefined) return;
        const answer = await outcome(call(walk, next));
        assert.equal(answer, walk.expected.take(next), `${next} of ${walk.steps.join("")}`);
        if (next === "S" || next === "T") eventIds.push(await payment(walk, next));
        for (const { refundId, note } of refunds.get(walk.orderId) ?? []) {
          if (next !== "B" && FINISHED[next] !== note) continue;
          const message = { orderId: walk.orderId, refundId };
          eventIds.push(await events.publishMessage("pay.v1.refunded", message));
        }
      },
      { concurrency: IN_FLIGHT },
    );
    for (let start = 0; start < eventIds.length; start += 1_000) {
      const some = eventIds.slice(start, start + 1_000);
      await eventually(async () => {
        const sql = "select distinct event_id from inbox where event_id in (?)";
        assert.equal((await shop.sql("order", sql, [some])).length, new Set(some).size);
      });
    }
  }

  function call({ orderId, goodsId, requestIds }: Walk, which: Step): Promise<unknown> {
    const { order } = shop.admin;
    if (which === "C") return order.cancelOrder({ orderId });
    if (which !== "P" && which !== "W") return Promise.resolve();
    const lines = which === "P" ? [{ goodsId, quantity: 1n }] : [];
    return order.refundOrder({ orderId, requestId: requestIds[which], lines, note: which });
  }

  async function payment({ orderId, paymentIds, eventIds }: Walk, which: "S" | "T") {
    const payTime = timestampFromDate(new Date());
    const message = { paymentId: paymentIds[which], orderId, amountCents: PAY_CENTS, payTime };
    const again = orderId % 2n === 0n ? eventIds.get(which) : undefined;
    const id = await events.publishMessage("pay.v1.succeeded", message, again);
    eventIds.set(which, id);
    return id;
  }

  async function walk(all: readonly (readonly Step[])[]): Promise<void> {
    const walks = await ordersFor(all);
    const longest = Math.max(...all.map(({ length }) => length));
    for (let index = 0; index < longest; index += 1) await step(walks, ({ steps }) => steps[index]);
    // Finishes all refunds that are still requested, twice.
    for (let time = 0; time < 2; time += 1) await step(walks, () => "B");
    const ends = await endsOf(walks[0]?.goodsId ?? 0n);
    for (const { steps, orderId, paymentIds, expected } of walks) {
      const { paidBy, ...end } = expected.end;
      const paymentId = paidBy === undefined ? 0n : paymentIds[paidBy];
      assert.deepEqual(ends.get(orderId), { ...end, paymentId }, steps.join(""));
    }
  }

  type Row = Omit<End, "paidBy"> & { orderId: bigint; paymentId: bigint };

  async function endsOf(goodsId: bigint): Promise<Map<bigint, Omit<Row, "orderId">>> {
    const rows = await shop.sql<Row>(
      "order",
      `select o.order_id as orderId, o.order_status as orderStatus, o.pay_status as payStatus,
         o.payment_id as paymentId, count(r.refund_id) as refunds,
         cast(coalesce(sum(r.pay_amount_cents), 0) as signed) as cents
       from order_lines l join orders o on o.order_id = l.order_id
       left join refunds r on r.order_id = o.order_id and r.status = 2
       where l.goods_id = ? group by o.order_id`,
      [goodsId],
    );
    return new Map(
      rows.map(({ orderId, refunds, ...row }) => [orderId, { ...row, refunds: Number(refunds) }]),
    );
  }

  it("follow the rules of the contract with a cancellation and a refund", async () => {
    const all = walksOf<Step>(PAYING).filter(isDistinct);
    assert.ok(all.length > 2_500);
    await walk(all);
  });

  it("follow the rules of the contract with two refunds", () =>
    walk(
      sequences<Step>(REFUNDING, LONGEST)
        .filter(isDistinct)
        .map((steps) => ["S", ...steps]),
    ));
});
