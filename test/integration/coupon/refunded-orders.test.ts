import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { CouponStatus } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { newId } from "../../../testbed/orders/fixtures.ts";
import { insertRows } from "../../../testbed/orders/rows.ts";
import { sequences } from "../../../testbed/sequences.ts";
import { times } from "../participant.ts";
import { type CouponUnderTest, startCoupon } from "./coupon-service.ts";

/** Used, cancelled, refunded as a whole, partially refunded. */
const STEPS = ["U", "C", "W", "P"] as const;
type Step = (typeof STEPS)[number];

describe("coupons of refunded orders", function () {
  this.timeout(120_000);
  let service: CouponUnderTest;
  before(async () => {
    service = await startCoupon();
  });
  after(() => service?.stop());

  it("stay spent after a partial refund, and are free after the whole one", async () => {
    const { couponId } = await service.issue();
    const orderId = newId();
    await service.use({ orderId, couponId });
    const part = await service.refunded({ orderId });
    // This event follows the partial refund in the stream.
    await service.settled(await service.refunded({ orderId: newId(), whole: true }));
    assert.deepEqual(await service.missing(part), [part]);
    assert.equal((await service.couponNow(couponId)).status, CouponStatus.USED);
    await service.settled(await service.refunded({ orderId, whole: true }));
    assert.equal((await service.couponNow(couponId)).status, CouponStatus.UNUSED);
    assert.deepEqual(await service.use({ orderId, couponId }), [Reason.ORDER_CLOSED]);
    assert.deepEqual(await service.use({ orderId: newId(), couponId }), [500n]);
  });

  it("end the same in every sequence of up to six uses, cancellations and refunds", async () => {
    const walks = sequences(STEPS, 6).map((steps) => ({
      steps,
      orderId: newId(),
      couponId: newId(),
    }));
    assert.equal(walks.length, 5_460);
    const rows = walks.map(({ couponId }) => ({
      coupon_id: couponId,
      user_id: 1n,
      amount_off_cents: 500n,
      basis_points_off: 0,
      maximum_off_cents: 0n,
      minimum_goods_amount_cents: 0n,
      status: CouponStatus.UNUSED,
      valid_from: new Date(0),
      request_id: `k-${couponId}`,
      request_fingerprint: Buffer.alloc(32),
    }));
    await insertRows(service.shop.sql, ["coupon", "coupons"], rows);
    const publish = (step: Step | undefined, orderId: bigint) => {
      if (step === "C") return [service.cancelled({ orderId })];
      if (step === "W") return [service.refunded({ orderId, whole: true })];
      return [];
    };
    for (let index = 0; index < 6; index += 1) {
      const uses = walks.filter(({ steps }) => steps[index] === "U");
      for (let start = 0; start < uses.length; start += 1_000) {
        await service.use(
          ...uses
            .slice(start, start + 1_000)
            .map(({ orderId, couponId }) => ({ orderId, couponId })),
        );
      }
      const parts = walks.filter(({ steps }) => steps[index] === "P");
      await Promise.all(parts.map(({ orderId }) => service.refunded({ orderId })));
      const events = walks.flatMap(({ steps, orderId }) => publish(steps[index], orderId));
      await service.settled(...(await Promise.all(events)));
    }
    const used = await service.sql(
      "select coupon_id as couponId, order_id as orderId from coupons where status = 2",
    );
    const orderOf = new Map(used.map((row) => [row.couponId, row.orderId]));
    for (const { steps, orderId, couponId } of walks) {
      const spent = steps.includes("U") && !steps.includes("C") && !steps.includes("W");
      assert.equal(orderOf.get(couponId), spent ? orderId : undefined, steps.join(""));
    }
  });

  it("stay with the order that has spent them since, even if the event arrives 1,000 times", async () => {
    const { couponId } = await service.issue();
    const [first, second] = [newId(), newId()];
    await service.use({ orderId: first, couponId });
    const refundId = newId();
    await service.settled(await service.refunded({ orderId: first, refundId, whole: true }));
    await service.use({ orderId: second, couponId });
    const refund = { orderId: first, refundId, whole: true };
    const eventId = newId();
    await times(1_000, () => service.refunded(refund, eventId));
    await service.settled(eventId, await service.refunded({ orderId: newId(), whole: true }));
    assert.equal((await service.couponNow(couponId)).orderId, second);
  });

  it("are freed once if a batch has two whole refunds of an order", async () => {
    const orders = await times(20, async () => ({
      orderId: newId(),
      couponId: (await service.issue()).couponId,
    }));
    await service.use(...orders);
    const events = orders.flatMap(({ orderId }) => [
      service.refunded({ orderId, whole: true }),
      service.refunded({ orderId, whole: true }),
    ]);
    await service.settled(...(await Promise.all(events)));
    for (const { couponId } of orders) {
      assert.equal((await service.couponNow(couponId)).status, CouponStatus.UNUSED);
    }
  });
});
