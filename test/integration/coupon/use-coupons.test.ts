import assert from "node:assert/strict";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Reason } from "#platform/values/refusal.ts";
import { CouponStatus } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { amountOff, newId } from "../../../testbed/orders/fixtures.ts";
import { insertRows } from "../../../testbed/orders/rows.ts";
import { invalid, times } from "../participant.ts";
import { type CouponUnderTest, minutesAway, startCoupon, type Use } from "./coupon-service.ts";

describe("using coupons", function () {
  this.timeout(60_000);
  let service: CouponUnderTest;
  before(async () => {
    service = await startCoupon();
  });
  after(() => service?.stop());

  const usesOf = (couponId: bigint) =>
    service.sql("select * from coupon_uses where coupon_id = ?", [couponId]);

  it("spends a coupon on an order and returns what it takes off", async () => {
    const { couponId } = await service.issue();
    const orderId = newId();
    assert.deepEqual(await service.use({ orderId, couponId }), [500n]);
    const coupon = await service.couponNow(couponId);
    assert.equal(coupon.status, CouponStatus.USED);
    assert.equal(coupon.orderId, orderId);
    assert.ok(coupon.usedTime);
    assert.ok(Math.abs(timestampMs(coupon.usedTime) - Date.now()) < 10_000);
  });

  it("never takes off more than the goods amount", async () => {
    const [one, other] = [await service.issue(), await service.issue()];
    const uses = [
      { orderId: newId(), couponId: one.couponId, goodsAmountCents: 499n },
      { orderId: newId(), couponId: other.couponId, goodsAmountCents: 0n },
    ];
    assert.deepEqual(await service.use(...uses), [499n, 0n]);
  });

  it("refuses each order for its own reason, and no other order", async () => {
    const [good, used, early, over, costly, others] = await Promise.all([
      service.issue(),
      service.issue(),
      service.issue({ validFrom: minutesAway(5) }),
      service.issue({ validFrom: minutesAway(-10), validUntil: minutesAway(-5) }),
      service.issue({
        discount: amountOff(500n, { minimumGoodsAmountCents: 2_001n }),
      }),
      service.issue({ userId: 2n }),
    ]);
    await service.use({ orderId: newId(), couponId: used.couponId });
    const uses: Use[] = [
      { couponId: newId() },
      { couponId: others.couponId },
      { couponId: used.couponId },
      { couponId: early.couponId },
      { couponId: over.couponId },
      { couponId: costly.couponId },
      { couponId: good.couponId },
    ].map((use) => ({ orderId: newId(), ...use }));
    const answers = [
      Reason.COUPON_NOT_FOUND,
      Reason.COUPON_NOT_FOUND,
      Reason.COUPON_ALREADY_USED,
      Reason.COUPON_NOT_VALID_NOW,
      Reason.COUPON_NOT_VALID_NOW,
      Reason.COUPON_MINIMUM_NOT_MET,
      500n,
    ];
    assert.deepEqual(await service.use(...uses), answers);
    assert.deepEqual(await service.use(...uses), answers, "repeated");
    for (const { couponId } of [early, costly, others]) {
      assert.equal((await service.couponNow(couponId)).status, CouponStatus.UNUSED);
    }
    assert.equal((await service.couponNow(over.couponId)).status, CouponStatus.EXPIRED);
  });

  it("repeats a refusal, also after the coupon is free again", async () => {
    const { couponId } = await service.issue();
    const [first, second] = [newId(), newId()];
    await service.use({ orderId: first, couponId });
    assert.deepEqual(await service.use({ orderId: second, couponId }), [
      Reason.COUPON_ALREADY_USED,
    ]);
    await service.cancel(first);
    assert.deepEqual(await service.use({ orderId: second, couponId }), [
      Reason.COUPON_ALREADY_USED,
    ]);
    assert.equal((await service.couponNow(couponId)).status, CouponStatus.UNUSED);
  });

  it("expires a coupon by the database's clock", async () => {
    const { couponId } = await service.issue({ validUntil: minutesAway(0.01) });
    const quote = { couponId, userId: 1n, goodsAmountCents: 2_000n };
    await eventually(() => refused(service.order.quoteCoupon(quote), Reason.COUPON_NOT_VALID_NOW));
    assert.deepEqual(await service.use({ orderId: newId(), couponId }), [
      Reason.COUPON_NOT_VALID_NOW,
    ]);
  });

  it("gives a coupon to the first of two orders in one call", async () => {
    const { couponId } = await service.issue();
    const [second, first] = [newId(), newId()];
    const uses = [
      { orderId: first, couponId },
      { orderId: second, couponId },
    ];
    assert.deepEqual(await service.use(...uses), [500n, Reason.COUPON_ALREADY_USED]);
    assert.equal((await service.couponNow(couponId)).orderId, first);
  });

  it("gives a coupon to exactly one of 50 concurrent orders", async () => {
    const { couponId } = await service.issue();
    const answers = await times(50, () => service.use({ orderId: newId(), couponId }));
    const flat = answers.flat();
    assert.equal(flat.filter((answer) => answer === 500n).length, 1);
    assert.equal(flat.filter((answer) => answer === Reason.COUPON_ALREADY_USED).length, 49);
  });

  it("decides once if the same order asks 50 times concurrently", async () => {
    const { couponId } = await service.issue();
    const orderId = newId();
    const answers = await times(50, () => service.use({ orderId, couponId }));
    assert.ok(answers.flat().every((answer) => answer === 500n));
    assert.equal((await usesOf(couponId)).length, 1);
  });

  it("gives the same answer to an order that appears twice in a call", async () => {
    const { couponId } = await service.issue();
    const use = { orderId: newId(), couponId };
    assert.deepEqual(await service.use(use, use), [500n, 500n]);
    assert.equal((await usesOf(couponId)).length, 1);
  });

  it("refuses the same order with other contents, and changes nothing", async () => {
    const [one, other] = [await service.issue(), await service.issue()];
    const orderId = newId();
    await service.use({ orderId, couponId: one.couponId });
    for (const changes of [
      { couponId: other.couponId },
      { userId: 2n },
      { goodsAmountCents: 2_001n },
    ]) {
      const answer = await service.use({ orderId, couponId: one.couponId, ...changes });
      assert.deepEqual(answer, [Reason.INVALID_ARGUMENT]);
    }
    assert.equal((await service.couponNow(other.couponId)).status, CouponStatus.UNUSED);
    assert.equal((await service.couponNow(one.couponId)).orderId, orderId);
  });

  it("refuses malformed entries without leaving a row, and handles the others", async () => {
    const { couponId } = await service.issue();
    const orderId = newId();
    const bad: Use[] = [
      { orderId: 0n, couponId },
      { orderId, couponId: 0n },
      { orderId, couponId, userId: 0n },
      { orderId, couponId, goodsAmountCents: -1n },
      { orderId, couponId, goodsAmountCents: MAX_CENTS + 1n },
      { orderId: -1n, couponId },
    ];
    const answers = await service.use(...bad, { orderId, couponId });
    assert.deepEqual(answers, [...bad.map(() => Reason.INVALID_ARGUMENT), 500n]);
  });

  it("accepts 1 to 1,000 entries", async () => {
    const ids = Array.from({ length: 1_000 }, newId);
    const rows = ids.map((id) => ({
      coupon_id: id,
      user_id: 1n,
      amount_off_cents: 500n,
      basis_points_off: 0,
      maximum_off_cents: 0n,
      minimum_goods_amount_cents: 0n,
      status: CouponStatus.UNUSED,
      valid_from: new Date(0),
      request_id: `batch-${id}`,
      request_fingerprint: Buffer.alloc(32),
    }));
    await insertRows(service.shop.sql, ["coupon", "coupons"], rows);
    const uses = ids.map((couponId) => ({ orderId: newId(), couponId }));
    const answers = await service.use(...uses);
    assert.ok(answers.every((answer) => answer === 500n));
    const tooMany = service.use(...uses, { orderId: newId(), couponId: newId() });
    await invalid(tooMany);
    await invalid(service.use());
  });

  it("is for services", async () => {
    const uses = [{ orderId: newId(), couponId: newId(), userId: 1n, goodsAmountCents: 1n }];
    for (const caller of [service.as(1n), service.admin]) {
      await refused(caller.useCoupons({ uses }), Reason.PERMISSION_DENIED);
    }
    await refused(service.anyone.useCoupons({ uses }), Reason.UNAUTHENTICATED);
  });

  it("lets no statement hold one coupon for two orders", async () => {
    const { couponId } = await service.issue();
    await service.use({ orderId: newId(), couponId });
    const second = service.sql(
      `insert into coupon_uses (order_id, coupon_id, user_id, goods_amount_cents, amount_off_cents,
         state) values (?, ?, 1, 2000, 500, 1)`,
      [newId(), couponId],
    );
    await assert.rejects(second, { errno: 1062 });
  });
});
