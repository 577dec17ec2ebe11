import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { CouponStatus } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { type CouponUnderTest, newId, startCouponService, until } from "./coupon-service.ts";

type Step = "use" | "cancel";

/** Every sequence of 1 to `length` steps. */
function sequences(length: number): Step[][] {
  if (length === 0) return [[]];
  const shorter = sequences(length - 1);
  const longer = shorter
    .filter((steps) => steps.length === length - 1)
    .flatMap((steps): Step[][] => [
      [...steps, "use"],
      [...steps, "cancel"],
    ]);
  return [...shorter, ...longer];
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}

describe("releasing coupons", function () {
  this.timeout(60_000);
  let shop: CouponUnderTest;
  before(async () => {
    shop = await startCouponService();
  });
  after(() => shop?.stop());

  it("gives the coupon of a cancelled order back, to be spent again", async () => {
    const { couponId } = await shop.issue();
    const [first, second] = [newId(), newId()];
    await shop.use({ orderId: first, couponId });
    await shop.cancel(first);
    const freed = await shop.couponNow(couponId);
    assert.equal(freed.status, CouponStatus.UNUSED);
    assert.equal(freed.orderId, 0n);
    assert.equal(freed.usedTime, undefined);
    assert.deepEqual(await shop.use({ orderId: first, couponId }), [Reason.ORDER_CLOSED]);
    assert.deepEqual(await shop.use({ orderId: second, couponId }), [500n]);
  });

  it("ends the same for every sequence of uses and cancellations of an order", async () => {
    const walk = async (steps: Step[]) => {
      const { couponId } = await shop.issue();
      const orderId = newId();
      let closed = false;
      let asked = false;
      for (const step of steps) {
        if (step === "cancel") {
          await shop.cancel(orderId);
          closed = true;
        } else {
          const expected: bigint | Reason = closed ? Reason.ORDER_CLOSED : 500n;
          assert.deepEqual(await shop.use({ orderId, couponId }), [expected], steps.join(", "));
          asked = true;
        }
      }
      const { status } = await shop.couponNow(couponId);
      const spent = asked && !closed;
      assert.equal(status, spent ? CouponStatus.USED : CouponStatus.UNUSED, steps.join(", "));
    };
    const all = sequences(4).filter(({ length }) => length > 0);
    assert.equal(all.length, 30);
    await Promise.all(all.map(walk));
  });

  it("keeps a coupon with one order in every interleaving of two that want it", async () => {
    const orders = ["a", "b"] as const;
    const steps = orders.flatMap((order) => [
      { order, step: "use" as const },
      { order, step: "cancel" as const },
    ]);
    const walk = async (sequence: typeof steps) => {
      const { couponId } = await shop.issue();
      const ids = { a: newId(), b: newId() };
      const closed = new Set<string>();
      let holder: "a" | "b" | undefined;
      const told = sequence.map(({ order, step }) => `${step} ${order}`).join(", ");
      for (const { order, step } of sequence) {
        if (step === "cancel") {
          await shop.cancel(ids[order]);
          closed.add(order);
          if (holder === order) holder = undefined;
          continue;
        }
        let expected: bigint | Reason = 500n;
        if (closed.has(order)) expected = Reason.ORDER_CLOSED;
        else if (holder) expected = Reason.COUPON_ALREADY_USED;
        else holder = order;
        assert.deepEqual(await shop.use({ orderId: ids[order], couponId }), [expected], told);
      }
      const { orderId } = await shop.couponNow(couponId);
      assert.equal(orderId, holder ? ids[holder] : 0n, told);
    };
    await Promise.all(permutations(steps).map(walk));
  });

  it("leaves a coupon with the order that has spent it since, though the event comes 1,000 times", async () => {
    const { couponId } = await shop.issue();
    const [first, second] = [newId(), newId()];
    await shop.use({ orderId: first, couponId });
    await shop.cancel(first);
    await shop.use({ orderId: second, couponId });
    const eventId = await shop.publishCancelled({ orderId: first }, { copies: 1_000 });
    // Once a later event has had its effect, all the copies are through.
    await shop.cancel(newId());
    assert.deepEqual(await shop.missing(eventId), []);
    const coupon = await shop.couponNow(couponId);
    assert.equal(coupon.status, CouponStatus.USED);
    assert.equal(coupon.orderId, second);
    const inbox = await shop.sql("select * from inbox where event_id = ?", [eventId]);
    assert.equal(inbox.length, 1);
  });

  it("frees no coupon that names another order, whatever the ledger says", async () => {
    const { couponId } = await shop.issue();
    const [first, second] = [newId(), newId()];
    await shop.use({ orderId: first, couponId });
    await shop.sql("update coupons set order_id = ? where coupon_id = ?", [second, couponId]);
    await shop.cancel(first);
    assert.equal((await shop.couponNow(couponId)).orderId, second);
  });

  it("takes uses and cancellations of many orders at the same moment, and loses none", async () => {
    const coupons = await Promise.all(Array.from({ length: 40 }, () => shop.issue()));
    const orders = coupons.map(({ couponId }) => ({ orderId: newId(), couponId }));
    await Promise.all(
      orders.flatMap(({ orderId, couponId }) => [
        shop.use({ orderId, couponId }),
        shop.cancel(orderId),
      ]),
    );
    for (const { orderId, couponId } of orders) {
      assert.deepEqual(await shop.use({ orderId, couponId }), [Reason.ORDER_CLOSED]);
      assert.equal((await shop.couponNow(couponId)).status, CouponStatus.UNUSED);
    }
  });

  it("leaves an event alone that does not name it as a holder", async () => {
    const { couponId } = await shop.issue();
    const orderId = newId();
    await shop.use({ orderId, couponId });
    const eventId = await shop.publishCancelled({ orderId, holders: ["goods", "user"] });
    await shop.cancel(newId());
    assert.deepEqual(await shop.missing(eventId), [eventId]);
    assert.equal((await shop.couponNow(couponId)).orderId, orderId);
  });

  it("parks an event that names no order", async () => {
    const eventId = await shop.publishCancelled({ orderId: 0n });
    const failures = () => shop.sql("select * from parked_messages where event_id = ?", [eventId]);
    await until(async () => (await failures()).length === 1);
    const orderId = newId();
    const { couponId } = await shop.issue();
    await shop.use({ orderId, couponId });
    await shop.cancel(orderId);
    assert.equal((await shop.couponNow(couponId)).status, CouponStatus.UNUSED);
  });
});
