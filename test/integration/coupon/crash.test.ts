import assert from "node:assert/strict";
import { CouponStatus } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { type CouponUnderTest, newId, startCouponService, until } from "./coupon-service.ts";

describe("coupons of a service that dies", function () {
  this.timeout(60_000);
  let shop: CouponUnderTest;
  before(async () => {
    shop = await startCouponService();
  });
  after(() => shop?.stop());

  for (const failpoint of [
    "begin:use-coupons",
    "commit.before:use-coupons",
    "commit.after:use-coupons",
  ]) {
    it(`are spent once when the order asks again after ${failpoint}`, async () => {
      const { couponId } = await shop.issue();
      const orderId = newId();
      await shop.dyingAt(failpoint, () => shop.use({ orderId, couponId }));
      assert.deepEqual(await shop.use({ orderId, couponId }), [500n]);
      assert.equal((await shop.couponNow(couponId)).orderId, orderId);
      const uses = await shop.sql("select * from coupon_uses where coupon_id = ?", [couponId]);
      assert.equal(uses.length, 1);
    });
  }

  for (const failpoint of [
    "begin:release-coupons",
    "commit.before:release-coupons",
    "commit.after:release-coupons",
    "ack.before:coupon_order_v1_cancelled",
  ]) {
    it(`come back once when the event comes again after ${failpoint}`, async () => {
      const { couponId } = await shop.issue();
      const [first, second] = [newId(), newId()];
      await shop.use({ orderId: first, couponId });
      const eventId = newId();
      const publish = () => shop.publishCancelled({ orderId: first }, { eventId });
      await shop.dyingAt(failpoint, publish);
      await publish();
      await until(async () => (await shop.missing(eventId)).length === 0);
      assert.equal((await shop.couponNow(couponId)).status, CouponStatus.UNUSED);
      assert.deepEqual(await shop.use({ orderId: second, couponId }), [500n]);
      await publish();
      await shop.cancel(newId());
      assert.equal((await shop.couponNow(couponId)).orderId, second);
    });
  }
});
