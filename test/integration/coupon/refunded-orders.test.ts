import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { CouponStatus } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { sequences } from "../../../testbed/sequences.ts";
import { type CouponUnderTest, newId, startCouponService, until } from "./coupon-service.ts";

/** U use, C cancelled, W refunded whole, P a part of it refunded. Payment is nothing to coupons. */
const STEPS = ["U", "C", "W", "P"] as const;
type Step = (typeof STEPS)[number];

describe("coupons of refunded orders", function () {
  this.timeout(120_000);
  let shop: CouponUnderTest;
  before(async () => {
    shop = await startCouponService();
  });
  after(() => shop?.stop());

  const settled = async (eventIds: bigint[]) => {
    for (let start = 0; start < eventIds.length; start += 1_000) {
      const some = eventIds.slice(start, start + 1_000);
      await until(async () => (await shop.missing(...some)).length === 0);
    }
  };

  it("stay spent while a part is refunded, and are free again with the rest", async () => {
    const { couponId } = await shop.issue();
    const orderId = newId();
    await shop.use({ orderId, couponId });
    const part = await shop.publishRefunded({ orderId });
    // Behind it in the stream.
    await settled([await shop.publishRefunded({ orderId: newId(), whole: true })]);
    assert.deepEqual(await shop.missing(part), [part]);
    assert.equal((await shop.couponNow(couponId)).status, CouponStatus.USED);
    await settled([await shop.publishRefunded({ orderId, whole: true })]);
    assert.equal((await shop.couponNow(couponId)).status, CouponStatus.UNUSED);
    assert.deepEqual(await shop.use({ orderId, couponId }), [Reason.ORDER_CLOSED]);
    assert.deepEqual(await shop.use({ orderId: newId(), couponId }), [500n]);
  });

  it("end the same in every order of an order's events, up to six with repetitions", async () => {
    const walks = sequences(STEPS, 6).map((steps) => ({
      steps,
      orderId: newId(),
      couponId: newId(),
    }));
    assert.equal(walks.length, 5_460);
    const rows = walks.map(({ couponId }) => [
      couponId,
      1n,
      500n,
      0,
      0n,
      0n,
      1,
      new Date(0),
      `k-${couponId}`,
      Buffer.alloc(32),
    ]);
    await shop.sql(
      `insert into coupons (coupon_id, user_id, amount_off_cents, basis_points_off, maximum_off_cents,
         minimum_goods_amount_cents, status, valid_from, request_id, request_fingerprint) values ?`,
      [rows],
    );
    const tell = (step: Step | undefined, orderId: bigint) => {
      if (step === "C") return [shop.publishCancelled({ orderId })];
      if (step === "W") return [shop.publishRefunded({ orderId, whole: true })];
      return [];
    };
    for (let index = 0; index < 6; index += 1) {
      const uses = walks.filter(({ steps }) => steps[index] === "U");
      for (let start = 0; start < uses.length; start += 1_000) {
        await shop.use(
          ...uses
            .slice(start, start + 1_000)
            .map(({ orderId, couponId }) => ({ orderId, couponId })),
        );
      }
      const parts = walks.filter(({ steps }) => steps[index] === "P");
      await Promise.all(parts.map(({ orderId }) => shop.publishRefunded({ orderId })));
      const told = walks.flatMap(({ steps, orderId }) => tell(steps[index], orderId));
      await settled(await Promise.all(told));
    }
    const used = await shop.sql(
      "select coupon_id as couponId, order_id as orderId from coupons where status = 2",
    );
    const orderOf = new Map(used.map((row) => [row.couponId, row.orderId]));
    for (const { steps, orderId, couponId } of walks) {
      const spent = steps.includes("U") && !steps.includes("C") && !steps.includes("W");
      assert.equal(orderOf.get(couponId), spent ? orderId : undefined, steps.join(""));
    }
  });

  it("stay with the order that has spent them since, though the event comes 1,000 times", async () => {
    const { couponId } = await shop.issue();
    const [first, second] = [newId(), newId()];
    await shop.use({ orderId: first, couponId });
    const refundId = newId();
    await settled([await shop.publishRefunded({ orderId: first, refundId, whole: true })]);
    await shop.use({ orderId: second, couponId });
    const refund = { orderId: first, refundId, whole: true };
    const eventId = await shop.publishRefunded(refund, { copies: 1_000 });
    await settled([eventId, await shop.publishRefunded({ orderId: newId(), whole: true })]);
    assert.equal((await shop.couponNow(couponId)).orderId, second);
  });

  it("are freed once where two whole refunds of an order stand in one batch", async () => {
    const orders = await Promise.all(
      Array.from({ length: 20 }, async () => ({
        orderId: newId(),
        couponId: (await shop.issue()).couponId,
      })),
    );
    await shop.use(...orders);
    const told = orders.flatMap(({ orderId }) => [
      shop.publishRefunded({ orderId, whole: true }),
      shop.publishRefunded({ orderId, whole: true }),
    ]);
    await settled(await Promise.all(told));
    for (const { couponId } of orders) {
      assert.equal((await shop.couponNow(couponId)).status, CouponStatus.UNUSED);
    }
  });
});
