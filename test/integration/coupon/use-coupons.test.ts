import assert from "node:assert/strict";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Reason } from "#platform/values/refusal.ts";
import { CouponStatus } from "#proto/shop/coupon/v1/coupon_pb.ts";
import {
  type CouponUnderTest,
  minutesAway,
  newId,
  reasonOf,
  startCouponService,
  type Use,
  until,
} from "./coupon-service.ts";

describe("using coupons", function () {
  this.timeout(60_000);
  let shop: CouponUnderTest;
  before(async () => {
    shop = await startCouponService();
  });
  after(() => shop?.stop());

  const usesOf = (couponId: bigint) =>
    shop.sql("select * from coupon_uses where coupon_id = ?", [couponId]);

  it("spends a coupon on an order and says what it takes off", async () => {
    const { couponId } = await shop.issue();
    const orderId = newId();
    assert.deepEqual(await shop.use({ orderId, couponId }), [500n]);
    const coupon = await shop.couponNow(couponId);
    assert.equal(coupon.status, CouponStatus.USED);
    assert.equal(coupon.orderId, orderId);
    assert.ok(coupon.usedTime);
    assert.ok(Math.abs(timestampMs(coupon.usedTime) - Date.now()) < 10_000);
  });

  it("takes never more than the goods amount, and nothing of nothing", async () => {
    const [one, other] = [await shop.issue(), await shop.issue()];
    const uses = [
      { orderId: newId(), couponId: one.couponId, goodsAmountCents: 499n },
      { orderId: newId(), couponId: other.couponId, goodsAmountCents: 0n },
    ];
    assert.deepEqual(await shop.use(...uses), [499n, 0n]);
  });

  it("refuses each order for its own reason, and only that order", async () => {
    const [good, used, early, over, costly, others] = await Promise.all([
      shop.issue(),
      shop.issue(),
      shop.issue({ validFrom: minutesAway(5) }),
      shop.issue({ validFrom: minutesAway(-10), validUntil: minutesAway(-5) }),
      shop.issue({
        discount: {
          kind: { case: "amountOffCents", value: 500n },
          minimumGoodsAmountCents: 2_001n,
        },
      }),
      shop.issue({ userId: 2n }),
    ]);
    await shop.use({ orderId: newId(), couponId: used.couponId });
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
    assert.deepEqual(await shop.use(...uses), answers);
    assert.deepEqual(await shop.use(...uses), answers, "the same again");
    for (const { couponId } of [early, over, costly, others]) {
      assert.equal((await shop.couponNow(couponId)).status, CouponStatus.UNUSED);
    }
  });

  it("answers a refused order the same for ever, also when its coupon would count by then", async () => {
    const { couponId } = await shop.issue();
    const [first, second] = [newId(), newId()];
    await shop.use({ orderId: first, couponId });
    assert.deepEqual(await shop.use({ orderId: second, couponId }), [Reason.COUPON_ALREADY_USED]);
    await shop.cancel(first);
    assert.deepEqual(await shop.use({ orderId: second, couponId }), [Reason.COUPON_ALREADY_USED]);
    assert.equal((await shop.couponNow(couponId)).status, CouponStatus.UNUSED);
  });

  it("ends a coupon at its last moment by the database's clock", async () => {
    const { couponId } = await shop.issue({ validUntil: minutesAway(0.01) });
    const quote = { couponId, userId: 1n, goodsAmountCents: 2_000n };
    await until(() =>
      shop.order.quoteCoupon(quote).then(
        () => false,
        () => true,
      ),
    );
    assert.deepEqual(await shop.use({ orderId: newId(), couponId }), [Reason.COUPON_NOT_VALID_NOW]);
  });

  it("gives a coupon to the first of two orders in one call", async () => {
    const { couponId } = await shop.issue();
    const [second, first] = [newId(), newId()];
    const uses = [
      { orderId: first, couponId },
      { orderId: second, couponId },
    ];
    assert.deepEqual(await shop.use(...uses), [500n, Reason.COUPON_ALREADY_USED]);
    assert.equal((await shop.couponNow(couponId)).orderId, first);
  });

  it("gives a coupon to exactly one of 50 orders that want it at the same moment", async () => {
    const { couponId } = await shop.issue();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => shop.use({ orderId: newId(), couponId })),
    );
    const flat = answers.flat();
    assert.equal(flat.filter((answer) => answer === 500n).length, 1);
    assert.equal(flat.filter((answer) => answer === Reason.COUPON_ALREADY_USED).length, 49);
  });

  it("decides once when the same order asks 50 times at the same moment", async () => {
    const { couponId } = await shop.issue();
    const orderId = newId();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => shop.use({ orderId, couponId })),
    );
    assert.ok(answers.flat().every((answer) => answer === 500n));
    assert.equal((await usesOf(couponId)).length, 1);
  });

  it("answers an order that stands twice in a call twice the same", async () => {
    const { couponId } = await shop.issue();
    const use = { orderId: newId(), couponId };
    assert.deepEqual(await shop.use(use, use), [500n, 500n]);
    assert.equal((await usesOf(couponId)).length, 1);
  });

  it("refuses the same order with other contents, and changes nothing", async () => {
    const [one, other] = [await shop.issue(), await shop.issue()];
    const orderId = newId();
    await shop.use({ orderId, couponId: one.couponId });
    for (const changes of [
      { couponId: other.couponId },
      { userId: 2n },
      { goodsAmountCents: 2_001n },
    ]) {
      const answer = await shop.use({ orderId, couponId: one.couponId, ...changes });
      assert.deepEqual(answer, [Reason.INVALID_ARGUMENT]);
    }
    assert.equal((await shop.couponNow(other.couponId)).status, CouponStatus.UNUSED);
    assert.equal((await shop.couponNow(one.couponId)).orderId, orderId);
  });

  it("refuses a malformed entry without a trace, and carries out the others", async () => {
    const { couponId } = await shop.issue();
    const orderId = newId();
    const bad: Use[] = [
      { orderId: 0n, couponId },
      { orderId, couponId: 0n },
      { orderId, couponId, userId: 0n },
      { orderId, couponId, goodsAmountCents: -1n },
      { orderId, couponId, goodsAmountCents: MAX_CENTS + 1n },
      { orderId: -1n, couponId },
    ];
    const answers = await shop.use(...bad, { orderId, couponId });
    assert.deepEqual(answers, [...bad.map(() => Reason.INVALID_ARGUMENT), 500n]);
  });

  it("takes 1 to 1,000 entries", async () => {
    const [first] = await shop.sql("select max(coupon_id) + 1000000 as id from coupons");
    const start = first?.id as bigint;
    const ids = Array.from({ length: 1_000 }, (_, index) => start + BigInt(index));
    const rows = ids.map(
      (id) => `(${id}, 1, 500, 0, 0, 0, 1, now(3), 'batch-${id}', repeat('x', 32))`,
    );
    await shop.sql(
      `insert into coupons (coupon_id, user_id, amount_off_cents, basis_points_off, maximum_off_cents,
         minimum_goods_amount_cents, status, valid_from, request_id, request_fingerprint)
       values ${rows.join(",")}`,
    );
    const uses = ids.map((couponId) => ({ orderId: newId(), couponId })).reverse();
    const answers = await shop.use(...uses);
    assert.ok(answers.every((answer) => answer === 500n));
    const tooMany = shop.use(...uses, { orderId: newId(), couponId: newId() });
    assert.equal(await reasonOf(tooMany), Reason.INVALID_ARGUMENT);
    assert.equal(await reasonOf(shop.use()), Reason.INVALID_ARGUMENT);
  });

  it("is for services", async () => {
    const uses = [{ orderId: newId(), couponId: newId(), userId: 1n, goodsAmountCents: 1n }];
    for (const caller of [shop.as(1n), shop.admin]) {
      assert.equal(await reasonOf(caller.useCoupons({ uses })), Reason.PERMISSION_DENIED);
    }
    assert.equal(await reasonOf(shop.anyone.useCoupons({ uses })), Reason.UNAUTHENTICATED);
  });

  it("cannot hold one coupon for two orders, whatever writes to the database", async () => {
    const { couponId } = await shop.issue();
    await shop.use({ orderId: newId(), couponId });
    const second = shop.sql(
      `insert into coupon_uses (order_id, coupon_id, user_id, goods_amount_cents, amount_off_cents,
         state) values (?, ?, 1, 2000, 500, 1)`,
      [newId(), couponId],
    );
    await assert.rejects(second, { errno: 1062 });
  });
});
