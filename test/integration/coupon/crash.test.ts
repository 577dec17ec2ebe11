import assert from "node:assert/strict";
import { CouponStatus } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { newId } from "../../../testbed/orders/fixtures.ts";
import { type CouponUnderTest, startCoupon } from "./coupon-service.ts";

describe("coupons of a killed service", function () {
  this.timeout(60_000);
  let service: CouponUnderTest;
  before(async () => {
    service = await startCoupon();
  });
  after(() => service?.stop());

  for (const failpoint of [
    "begin:use-coupons",
    "commit.before:use-coupons",
    "commit.after:use-coupons",
  ]) {
    it(`are spent once if the order asks again after ${failpoint}`, async () => {
      const { couponId } = await service.issue();
      const orderId = newId();
      await service.killedAt(failpoint, () => service.use({ orderId, couponId }));
      assert.deepEqual(await service.use({ orderId, couponId }), [500n]);
      assert.equal((await service.couponNow(couponId)).orderId, orderId);
      const uses = await service.sql("select * from coupon_uses where coupon_id = ?", [couponId]);
      assert.equal(uses.length, 1);
    });
  }

  for (const failpoint of [
    "begin:release-coupons",
    "commit.before:release-coupons",
    "commit.after:release-coupons",
    "ack.before:coupon_order_v1_cancelled",
  ]) {
    it(`are freed once if the event arrives again after ${failpoint}`, async () => {
      const { couponId } = await service.issue();
      const [first, second] = [newId(), newId()];
      await service.use({ orderId: first, couponId });
      const eventId = newId();
      const publish = () => service.cancelled({ orderId: first }, eventId);
      await service.killedAt(failpoint, publish);
      await publish();
      await service.settled(eventId);
      assert.equal((await service.couponNow(couponId)).status, CouponStatus.UNUSED);
      assert.deepEqual(await service.use({ orderId: second, couponId }), [500n]);
      await publish();
      await service.cancel(newId());
      assert.equal((await service.couponNow(couponId)).orderId, second);
    });
  }
});
