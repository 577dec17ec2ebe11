import assert from "node:assert/strict";
import { booksBalance } from "../../../testbed/orders/books.ts";
import { type EventPublisher, eventPublisher } from "../../../testbed/orders/events.ts";
import { newId } from "../../../testbed/orders/fixtures.ts";
import {
  ALL_CENTS,
  BALANCE_CENTS,
  newShopper,
  ORDER_CENTS,
  possessed,
} from "../../../testbed/orders/shoppers.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

const COPIES = 1_000;
const holders = ["goods", "coupon", "user"] as const;

/** What reaches the participants of one order, in any sequence. */
const steps = ["take", "cancelled", "cancelled again", "paid"] as const;
type Step = (typeof steps)[number];

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}

describe("events that are repeated and reordered", function () {
  this.timeout(60_000);
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

  for (const fact of ["order.v1.cancelled", "order.v1.paid"]) {
    it(`have their effects once when ${fact} is delivered ${COPIES} more times`, async () => {
      const shopper = await newShopper(shop);
      const paid = fact === "order.v1.paid";
      const balanceCents = paid ? ALL_CENTS : ORDER_CENTS;
      await shopper.as.order.placeOrder(shopper.request({ balanceCents })).catch(() => {});
      // Another shopper's order, whose coupon and stock must stay with it.
      const other = await newShopper(shop);
      await other.as.order.placeOrder(other.request());
      await booksBalance(shop);
      const [event] = await shop.sql<{ eventId: bigint; type: string; body: Buffer }>(
        "order",
        `select event_id as eventId, event_type as type, payload as body from outbox
         where fact = ? and order_id in (select order_id from orders where user_id = ?)`,
        [fact, shopper.userId],
      );
      assert.ok(event);
      await Promise.all(Array.from({ length: COPIES }, () => events.publish({ fact, ...event })));
      // This event follows all copies in the stream: once it is handled, so are they.
      const last = await newShopper(shop);
      const request = last.request({ balanceCents });
      await last.as.order.placeOrder(request).catch(() => {});
      await booksBalance(shop);
      assert.deepEqual(await shopper.possessions(), possessed({ taken: paid, balanceCents }));
      assert.deepEqual(await other.possessions(), possessed({ taken: true }));
    });
  }

  it("end the same in every sequence of taking, cancelling twice and paying", async () => {
    const all = permutations(steps);
    assert.equal(all.length, 24);
    await Promise.all(all.map(walk));
  });

  async function walk(sequence: Step[]): Promise<void> {
    const shopper = await newShopper(shop);
    const { userId, couponId } = shopper;
    const orderId = newId();
    const message = { orderId, userId };
    const take = async () => {
      const order = shop.service("order");
      const { lines } = shopper.request();
      const answers = await Promise.all([
        order.goods.reserveStock({ reservations: [{ orderId, lines }] }),
        order.coupon.useCoupons({
          uses: [{ orderId, couponId, userId, goodsAmountCents: 2_500n }],
        }),
        order.user.deductBalance({
          deductions: [{ orderId, userId, amountCents: BALANCE_CENTS }],
        }),
      ]);
      return answers.map(({ results }) => results[0]?.error === undefined);
    };
    let closed = false;
    for (const step of sequence) {
      if (step === "take") {
        assert.deepEqual(new Set(await take()), new Set([!closed]), sequence.join(", "));
      } else if (step === "paid") {
        const fields = { ...message, spentCents: ALL_CENTS };
        const eventId = await events.publishMessage("order.v1.paid", fields);
        await events.untilProcessed(eventId, ["user"]);
      } else {
        const fields = { ...message, holders: [...holders] };
        const eventId = await events.publishMessage("order.v1.cancelled", fields);
        await events.untilProcessed(eventId, holders);
        closed = true;
      }
    }
    // Twice, because a refused attempt must not reopen the order.
    for (let late = 0; late < 2; late += 1) assert.deepEqual(await take(), [false, false, false]);
    const expected = { ...possessed({ taken: false }), points: ALL_CENTS / 100n };
    assert.deepEqual(await shopper.possessions(), expected, sequence.join(", "));
  }
});
