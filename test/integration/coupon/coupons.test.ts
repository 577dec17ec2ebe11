import assert from "node:assert/strict";
import { timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Reason } from "#platform/values/refusal.ts";
import { CouponStatus } from "#proto/shop/coupon/v1/coupon_pb.ts";
import {
  type CouponUnderTest,
  minutesAway,
  newId,
  reasonOf,
  refusalOf,
  startCouponService,
  uniqueName,
} from "./coupon-service.ts";

describe("coupons", function () {
  this.timeout(60_000);
  let shop: CouponUnderTest;
  before(async () => {
    shop = await startCouponService();
  });
  after(() => shop?.stop());

  const percent = (basisPoints: number) => ({
    kind: { case: "basisPointsOff" as const, value: basisPoints },
  });
  const amount = (cents: bigint) => ({ kind: { case: "amountOffCents" as const, value: cents } });

  describe("issuing", () => {
    it("gives a coupon that the user can read, from now on and without an end", async () => {
      const before = Date.now();
      const userId = newId();
      const discount = {
        ...percent(1_500),
        maximumOffCents: 300n,
        minimumGoodsAmountCents: MAX_CENTS,
      };
      const issued = await shop.issue({ userId, discount });
      assert.equal(issued.status, CouponStatus.UNUSED);
      assert.equal(issued.orderId, 0n);
      assert.equal(issued.usedTime, undefined);
      assert.equal(issued.validUntil, undefined);
      assert.ok(issued.validFrom);
      assert.ok(Math.abs(timestampMs(issued.validFrom) - before) < 10_000);
      const { coupon } = await shop.as(userId).getCoupon({ couponId: issued.couponId });
      assert.deepEqual(coupon, issued);
    });

    it("issues once for the same request from 20 clients, and refuses other contents", async () => {
      const request = { requestId: uniqueName(), userId: newId(), discount: amount(500n) };
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => shop.admin.issueCoupon(request)),
      );
      assert.equal(new Set(answers.map(({ coupon }) => coupon?.couponId)).size, 1);
      const { coupons } = await shop.admin.listCoupons({ userId: request.userId });
      assert.equal(coupons.length, 1);
      for (const other of [
        { ...request, userId: newId() },
        { ...request, discount: amount(501n) },
        { ...request, discount: percent(500) },
        { ...request, validUntil: minutesAway(5) },
      ]) {
        assert.equal(await reasonOf(shop.admin.issueCoupon(other)), Reason.REQUEST_ID_REUSED);
      }
    });

    it("answers a repeated request with the coupon as it is by then", async () => {
      const request = { requestId: uniqueName(), userId: 1n, discount: amount(500n) };
      const { coupon } = await shop.admin.issueCoupon(request);
      const orderId = newId();
      await shop.use({ orderId, couponId: coupon?.couponId });
      const again = await shop.admin.issueCoupon(request);
      assert.equal(again.coupon?.couponId, coupon?.couponId);
      assert.equal(again.coupon?.orderId, orderId);
    });

    it("keeps the last millisecond of the year 9999 and drops what is finer", async () => {
      const seconds = 253_402_300_799n;
      const { validUntil } = await shop.issue({ validUntil: { seconds, nanos: 999_999_999 } });
      assert.ok(validUntil);
      assert.equal(timestampDate(validUntil).toISOString(), "9999-12-31T23:59:59.999Z");
    });

    it("names each malformed field", async () => {
      const base = { userId: 1n, discount: amount(500n) };
      const time = (seconds: bigint, nanos = 0) => ({ seconds, nanos });
      const cases: [Parameters<typeof shop.admin.issueCoupon>[0], string][] = [
        [{ requestId: "" }, "request_id"],
        [{ requestId: "with space" }, "request_id"],
        [{ requestId: "x".repeat(65) }, "request_id"],
        [{ userId: 0n }, "user_id"],
        [{ userId: -1n }, "user_id"],
        [{ discount: undefined }, "discount"],
        [{ discount: {} }, "discount.kind"],
        [{ discount: amount(0n) }, "discount.amount_off_cents"],
        [{ discount: amount(MAX_CENTS + 1n) }, "discount.amount_off_cents"],
        [{ discount: percent(0) }, "discount.basis_points_off"],
        [{ discount: percent(10_001) }, "discount.basis_points_off"],
        [{ discount: { ...percent(1), maximumOffCents: -1n } }, "discount.maximum_off_cents"],
        [{ discount: { ...amount(1n), maximumOffCents: 1n } }, "discount.maximum_off_cents"],
        [
          { discount: { ...amount(1n), minimumGoodsAmountCents: MAX_CENTS + 1n } },
          "discount.minimum_goods_amount_cents",
        ],
        [{ validFrom: time(-1n) }, "valid_from"],
        [{ validFrom: time(0n, 1_000_000_000) }, "valid_from"],
        [{ validFrom: time(0n, -1) }, "valid_from"],
        [{ validUntil: time(253_402_300_800n) }, "valid_until"],
        [{ validFrom: time(1_000n), validUntil: time(1_000n, 999_999) }, "valid_until"],
        [{ validUntil: minutesAway(-1) }, "valid_until"],
      ];
      for (const [changes, field] of cases) {
        const request = { requestId: uniqueName(), ...base, ...changes } as typeof base;
        const { reason, violations } = await refusalOf(shop.admin.issueCoupon(request));
        assert.equal(reason, Reason.INVALID_ARGUMENT);
        assert.deepEqual(
          violations.map((violation) => violation.field),
          [field],
        );
      }
    });

    it("is for administrators", async () => {
      const request = { requestId: uniqueName(), userId: 1n, discount: amount(500n) };
      const forbidden = [shop.as(1n), shop.order];
      for (const caller of forbidden) {
        assert.equal(await reasonOf(caller.issueCoupon(request)), Reason.PERMISSION_DENIED);
      }
      assert.equal(await reasonOf(shop.anyone.issueCoupon(request)), Reason.UNAUTHENTICATED);
    });
  });

  describe("reading", () => {
    it("hides another user's coupon in the words of a missing one", async () => {
      const { couponId } = await shop.issue({ userId: 1n });
      const others = await refusalOf(shop.as(2n).getCoupon({ couponId }));
      const missing = await refusalOf(shop.as(2n).getCoupon({ couponId: couponId + 1n }));
      assert.equal(others.reason, Reason.COUPON_NOT_FOUND);
      assert.equal(others.message, missing.message);
      assert.deepEqual(Object.keys(others.metadata), Object.keys(missing.metadata));
      for (const bad of [0n, -1n]) {
        assert.equal(
          await reasonOf(shop.admin.getCoupon({ couponId: bad })),
          Reason.INVALID_ARGUMENT,
        );
      }
    });

    it("lists a user's own coupons page by page, newest first", async () => {
      const userId = newId();
      const issued: bigint[] = [];
      for (let n = 0; n < 5; n += 1) issued.unshift((await shop.issue({ userId })).couponId);
      await shop.issue({ userId: newId() });
      const listed: bigint[] = [];
      let pageToken = "";
      do {
        const page = await shop.as(userId).listCoupons({ pageSize: 2, pageToken });
        assert.ok(page.coupons.length <= 2);
        listed.push(...page.coupons.map(({ couponId }) => couponId));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      assert.deepEqual(listed, issued);
      const { coupons } = await shop.admin.listCoupons({ userId, pageSize: 5 });
      assert.equal(coupons.length, 5);
    });

    it("lists by status", async () => {
      const userId = newId();
      const [used, unused] = [await shop.issue({ userId }), await shop.issue({ userId })];
      await shop.use({ orderId: newId(), couponId: used.couponId, userId });
      const idsOf = async (status: CouponStatus) => {
        const { coupons } = await shop.as(userId).listCoupons({ status });
        return coupons.map(({ couponId }) => couponId);
      };
      assert.deepEqual(await idsOf(CouponStatus.USED), [used.couponId]);
      assert.deepEqual(await idsOf(CouponStatus.UNUSED), [unused.couponId]);
      assert.equal((await idsOf(CouponStatus.UNSPECIFIED)).length, 2);
    });

    it("refuses lists that cannot be", async () => {
      const refused = async (request: object) => reasonOf(shop.admin.listCoupons(request));
      assert.equal(await refused({}), Reason.INVALID_ARGUMENT);
      assert.equal(await refused({ userId: 1n, status: 999 }), Reason.INVALID_ARGUMENT);
      assert.equal(await refused({ userId: 1n, pageSize: -1 }), Reason.INVALID_ARGUMENT);
      assert.equal(await refused({ userId: 1n, pageSize: 101 }), Reason.INVALID_ARGUMENT);
      assert.equal(await refused({ userId: 1n, pageToken: "forged" }), Reason.INVALID_ARGUMENT);
      const others = shop.as(1n).listCoupons({ userId: 2n });
      assert.equal(await reasonOf(others), Reason.USER_NOT_FOUND);
    });
  });

  describe("quoting", () => {
    const quote = async (couponId: bigint, goodsAmountCents: bigint, userId = 1n) =>
      (await shop.order.quoteCoupon({ couponId, userId, goodsAmountCents })).amountOffCents;

    it("says what would come off, and spends nothing", async () => {
      const fixed = await shop.issue({ discount: amount(500n) });
      assert.equal(await quote(fixed.couponId, 2_000n), 500n);
      assert.equal(await quote(fixed.couponId, 499n), 499n);
      const share = await shop.issue({ discount: { ...percent(1_500), maximumOffCents: 300n } });
      assert.equal(await quote(share.couponId, 999n), 149n);
      assert.equal(await quote(share.couponId, 2_001n), 300n);
      assert.equal((await shop.couponNow(fixed.couponId)).status, CouponStatus.UNUSED);
      assert.deepEqual(
        await shop.sql("select * from coupon_uses where coupon_id = ?", [fixed.couponId]),
        [],
      );
    });

    it("is exact to the largest amount and refuses what lies beyond", async () => {
      const all = await shop.issue({ discount: percent(10_000) });
      assert.equal(await quote(all.couponId, MAX_CENTS), MAX_CENTS);
      for (const cents of [MAX_CENTS + 1n, -1n]) {
        assert.equal(await reasonOf(quote(all.couponId, cents)), Reason.INVALID_ARGUMENT);
      }
    });

    it("refuses for the reasons for which spending would be", async () => {
      const minimum = { ...amount(500n), minimumGoodsAmountCents: 1_000n };
      const { couponId } = await shop.issue({ discount: minimum });
      assert.equal(await quote(couponId, 1_000n), 500n);
      assert.equal(await reasonOf(quote(couponId, 999n)), Reason.COUPON_MINIMUM_NOT_MET);
      assert.equal(await reasonOf(quote(couponId, 2_000n, 2n)), Reason.COUPON_NOT_FOUND);
      assert.equal(await reasonOf(quote(newId(), 2_000n)), Reason.COUPON_NOT_FOUND);
      await shop.use({ orderId: newId(), couponId });
      assert.equal(await reasonOf(quote(couponId, 2_000n)), Reason.COUPON_ALREADY_USED);
      const request = { couponId, userId: 1n, goodsAmountCents: 2_000n };
      assert.equal(await reasonOf(shop.as(1n).quoteCoupon(request)), Reason.PERMISSION_DENIED);
    });
  });
});
