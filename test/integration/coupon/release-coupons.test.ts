import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { CouponStatus } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newId } from "../../../testbed/orders/fixtures.ts";
import { permutations, sequences } from "../../../testbed/sequences.ts";
import { times } from "../participant.ts";
import { type CouponUnderTest, startCoupon } from "./coupon-service.ts";

const STEPS = ["use", "cancel"] as const;
type Step = (typeof STEPS)[number];

describe("releasing coupons", function () {
  this.timeout(60_000);
  let service: CouponUnderTest;
  before(async () => {
    service = await startCoupon();
  });
  after(() => service?.stop());

  it("frees the coupon of a cancelled order, which can be spent again", async () => {
    const { couponId } = await service.issue();
    const [first, second] = [newId(), newId()];
    await service.use({ orderId: first, couponId });
    await service.cancel(first);
    const freed = await service.couponNow(couponId);
    assert.equal(freed.status, CouponStatus.UNUSED);
    assert.equal(freed.orderId, 0n);
    assert.equal(freed.usedTime, undefined);
    assert.deepEqual(await service.use({ orderId: first, couponId }), [Reason.ORDER_CLOSED]);
    assert.deepEqual(await service.use({ orderId: second, couponId }), [500n]);
  });

  it("ends the same for every sequence of up to four uses and cancellations", async () => {
    const walk = async (steps: Step[]) => {
      const { couponId } = await service.issue();
      const orderId = newId();
      let closed = false;
      let asked = false;
      for (const step of steps) {
        if (step === "cancel") {
          await service.cancel(orderId);
          closed = true;
        } else {
          const expected: bigint | Reason = closed ? Reason.ORDER_CLOSED : 500n;
          assert.deepEqual(await service.use({ orderId, couponId }), [expected], steps.join(", "));
          asked = true;
        }
      }
      const { status } = await service.couponNow(couponId);
      const spent = asked && !closed;
      assert.equal(status, spent ? CouponStatus.USED : CouponStatus.UNUSED, steps.join(", "));
    };
    const all = sequences(STEPS, 4);
    assert.equal(all.length, 30);
    await Promise.all(all.map(walk));
  });

  it("keeps a coupon with one order in every interleaving of two orders", async () => {
    const orders = ["a", "b"] as const;
    const steps = orders.flatMap((order) => [
      { order, step: "use" as const },
      { order, step: "cancel" as const },
    ]);
    const walk = async (sequence: typeof steps) => {
      const { couponId } = await service.issue();
      const ids = { a: newId(), b: newId() };
      const closed = new Set<string>();
      let holder: "a" | "b" | undefined;
      const label = sequence.map(({ order, step }) => `${step} ${order}`).join(", ");
      for (const { order, step } of sequence) {
        if (step === "cancel") {
          await service.cancel(ids[order]);
          closed.add(order);
          if (holder === order) holder = undefined;
          continue;
        }
        let expected: bigint | Reason = 500n;
        if (closed.has(order)) expected = Reason.ORDER_CLOSED;
        else if (holder) expected = Reason.COUPON_ALREADY_USED;
        else holder = order;
        assert.deepEqual(await service.use({ orderId: ids[order], couponId }), [expected], label);
      }
      const { orderId } = await service.couponNow(couponId);
      assert.equal(orderId, holder ? ids[holder] : 0n, label);
    };
    await Promise.all(permutations(steps).map(walk));
  });

  it("leaves a coupon with the order that has spent it since, even if the event arrives 1,000 times", async () => {
    const { couponId } = await service.issue();
    const [first, second] = [newId(), newId()];
    await service.use({ orderId: first, couponId });
    await service.cancel(first);
    await service.use({ orderId: second, couponId });
    const eventId = newId();
    await times(1_000, () => service.cancelled({ orderId: first }, eventId));
    // This event follows all copies in the stream.
    await service.cancel(newId());
    assert.deepEqual(await service.missing(eventId), []);
    const coupon = await service.couponNow(couponId);
    assert.equal(coupon.status, CouponStatus.USED);
    assert.equal(coupon.orderId, second);
    const inbox = await service.sql("select * from inbox where event_id = ?", [eventId]);
    assert.equal(inbox.length, 1);
  });

  it("frees no coupon that names another order, even if the redemption is held", async () => {
    const { couponId } = await service.issue();
    const [first, second] = [newId(), newId()];
    await service.use({ orderId: first, couponId });
    await service.sql("update coupons set order_id = ? where coupon_id = ?", [second, couponId]);
    await service.cancel(first);
    assert.equal((await service.couponNow(couponId)).orderId, second);
  });

  it("handles concurrent uses and cancellations of many orders, and loses none", async () => {
    const coupons = await times(40, () => service.issue());
    const orders = coupons.map(({ couponId }) => ({ orderId: newId(), couponId }));
    await Promise.all(
      orders.flatMap(({ orderId, couponId }) => [
        service.use({ orderId, couponId }),
        service.cancel(orderId),
      ]),
    );
    for (const { orderId, couponId } of orders) {
      assert.deepEqual(await service.use({ orderId, couponId }), [Reason.ORDER_CLOSED]);
      assert.equal((await service.couponNow(couponId)).status, CouponStatus.UNUSED);
    }
  });

  it("ignores an event that does not name it as a holder", async () => {
    const { couponId } = await service.issue();
    const orderId = newId();
    await service.use({ orderId, couponId });
    const eventId = await service.cancelled({ orderId, holders: ["goods", "user"] });
    await service.cancel(newId());
    assert.deepEqual(await service.missing(eventId), [eventId]);
    assert.equal((await service.couponNow(couponId)).orderId, orderId);
  });

  it("parks an event that names no order", async () => {
    const eventId = await service.cancelled({ orderId: 0n });
    const failures = () =>
      service.sql("select * from parked_messages where event_id = ?", [eventId]);
    await eventually(async () => assert.equal((await failures()).length, 1));
    const orderId = newId();
    const { couponId } = await service.issue();
    await service.use({ orderId, couponId });
    await service.cancel(orderId);
    assert.equal((await service.couponNow(couponId)).status, CouponStatus.UNUSED);
  });
});
