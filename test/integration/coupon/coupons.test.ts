import assert from "node:assert/strict";
import { timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Reason } from "#platform/values/refusal.ts";
import { CouponStatus } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { outcome, refused } from "../../../testbed/calls/refused.ts";
import { amountOff, newId, newKey, percentOff } from "../../../testbed/orders/fixtures.ts";
import { invalid, times } from "../participant.ts";
import { type CouponUnderTest, minutesAway, startCoupon } from "./coupon-service.ts";

describe("coupons", function () {
  this.timeout(60_000);
  let service: CouponUnderTest;
  before(async () => {
    service = await startCoupon();
  });
  after(() => service?.stop());

  describe("issuing", () => {
    it("issues a coupon that the user can read, valid from now on without an end", async () => {
      const before = Date.now();
      const userId = newId();
      const discount = {
        ...percentOff(1_500),
        maximumOffCents: 300n,
        minimumGoodsAmountCents: MAX_CENTS,
      };
      const issued = await service.issue({ userId, discount });
      assert.equal(issued.status, CouponStatus.UNUSED);
      assert.equal(issued.orderId, 0n);
      assert.equal(issued.usedTime, undefined);
      assert.equal(issued.validUntil, undefined);
      assert.ok(issued.validFrom);
      assert.ok(Math.abs(timestampMs(issued.validFrom) - before) < 10_000);
      const { coupon } = await service.as(userId).getCoupon({ couponId: issued.couponId });
      assert.deepEqual(coupon, issued);
    });

    it("issues once for 20 concurrent repetitions of a request, and refuses other contents", async () => {
      const request = { requestId: newKey(), userId: newId(), discount: amountOff(500n) };
      const answers = await times(20, () => service.admin.issueCoupon(request));
      assert.equal(new Set(answers.map(({ coupon }) => coupon?.couponId)).size, 1);
      const { coupons } = await service.admin.listCoupons({ userId: request.userId });
      assert.equal(coupons.length, 1);
      for (const other of [
        { ...request, userId: newId() },
        { ...request, discount: amountOff(501n) },
        { ...request, discount: percentOff(500) },
        { ...request, validUntil: minutesAway(5) },
        // Before the contents are judged by the rules of today.
        { ...request, discount: percentOff(10_001) },
        { ...request, userId: -1n },
      ]) {
        await refused(service.admin.issueCoupon(other), Reason.REQUEST_ID_REUSED);
      }
    });

    it("answers a repeated request with the coupon in its current state", async () => {
      const request = { requestId: newKey(), userId: 1n, discount: amountOff(500n) };
      const { coupon } = await service.admin.issueCoupon(request);
      const orderId = newId();
      await service.use({ orderId, couponId: coupon?.couponId });
      const again = await service.admin.issueCoupon(request);
      assert.equal(again.coupon?.couponId, coupon?.couponId);
      assert.equal(again.coupon?.orderId, orderId);
    });

    it("keeps the last millisecond of the year 9999 and truncates the rest", async () => {
      const seconds = 253_402_300_799n;
      const { validUntil } = await service.issue({ validUntil: { seconds, nanos: 999_999_999 } });
      assert.ok(validUntil);
      assert.equal(timestampDate(validUntil).toISOString(), "9999-12-31T23:59:59.999Z");
    });

    it("names each malformed field", async () => {
      const base = { userId: 1n, discount: amountOff(500n) };
      const time = (seconds: bigint, nanos = 0) => ({ seconds, nanos });
      const cases: [Parameters<typeof service.admin.issueCoupon>[0], string][] = [
        [{ requestId: "" }, "request_id"],
        [{ requestId: "with space" }, "request_id"],
        [{ requestId: "x".repeat(65) }, "request_id"],
        [{ userId: 0n }, "user_id"],
        [{ userId: -1n }, "user_id"],
        [{ discount: undefined }, "discount"],
        [{ discount: {} }, "discount.kind"],
        [{ discount: amountOff(0n) }, "discount.amount_off_cents"],
        [{ discount: amountOff(MAX_CENTS + 1n) }, "discount.amount_off_cents"],
        [{ discount: percentOff(0) }, "discount.basis_points_off"],
        [{ discount: percentOff(10_001) }, "discount.basis_points_off"],
        [{ discount: { ...percentOff(1), maximumOffCents: -1n } }, "discount.maximum_off_cents"],
        [{ discount: { ...amountOff(1n), maximumOffCents: 1n } }, "discount.maximum_off_cents"],
        [
          { discount: { ...amountOff(1n), minimumGoodsAmountCents: MAX_CENTS + 1n } },
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
        const request = { requestId: newKey(), ...base, ...changes } as typeof base;
        const { violations } = await invalid(service.admin.issueCoupon(request));
        assert.deepEqual(
          violations.map((violation) => violation.field),
          [field],
        );
      }
    });

    it("is for administrators", async () => {
      const request = { requestId: newKey(), userId: 1n, discount: amountOff(500n) };
      const forbidden = [service.as(1n), service.order];
      for (const caller of forbidden) {
        await refused(caller.issueCoupon(request), Reason.PERMISSION_DENIED);
      }
      await refused(service.anyone.issueCoupon(request), Reason.UNAUTHENTICATED);
    });
  });

  describe("reading", () => {
    it("answers for another user's coupon as for a missing one", async () => {
      const { couponId } = await service.issue({ userId: 1n });
      const read = (id: bigint) =>
        refused(service.as(2n).getCoupon({ couponId: id }), Reason.COUPON_NOT_FOUND);
      const others = await read(couponId);
      const missing = await read(couponId + 1n);
      assert.equal(others.message, missing.message);
      assert.deepEqual(Object.keys(others.metadata), Object.keys(missing.metadata));
      for (const bad of [0n, -1n]) {
        await invalid(service.admin.getCoupon({ couponId: bad }));
      }
    });

    it("lists a user's own coupons page by page, newest first", async () => {
      const userId = newId();
      const issued: bigint[] = [];
      for (let n = 0; n < 5; n += 1) issued.unshift((await service.issue({ userId })).couponId);
      await service.issue({ userId: newId() });
      const listed: bigint[] = [];
      let pageToken = "";
      do {
        const page = await service.as(userId).listCoupons({ pageSize: 2, pageToken });
        assert.ok(page.coupons.length <= 2);
        listed.push(...page.coupons.map(({ couponId }) => couponId));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      assert.deepEqual(listed, issued);
      const { coupons } = await service.admin.listCoupons({ userId, pageSize: 5 });
      assert.equal(coupons.length, 5);
    });

    it("lists by status", async () => {
      const userId = newId();
      const [used, unused] = [await service.issue({ userId }), await service.issue({ userId })];
      await service.use({ orderId: newId(), couponId: used.couponId, userId });
      const idsOf = async (status: CouponStatus) => {
        const { coupons } = await service.as(userId).listCoupons({ status });
        return coupons.map(({ couponId }) => couponId);
      };
      assert.deepEqual(await idsOf(CouponStatus.USED), [used.couponId]);
      assert.deepEqual(await idsOf(CouponStatus.UNUSED), [unused.couponId]);
      assert.equal((await idsOf(CouponStatus.UNSPECIFIED)).length, 2);
    });

    it("shows an unused coupon as expired once its end has passed, and lists it so", async () => {
      const userId = newId();
      const [past, future] = [minutesAway(-5), minutesAway(5)];
      const validFrom = minutesAway(-10);
      const request = {
        requestId: newKey(),
        userId,
        discount: amountOff(500n),
        validFrom,
        validUntil: past,
      };
      const { coupon: expired } = await service.admin.issueCoupon(request);
      const valid = await service.issue({ userId, validFrom, validUntil: future });
      const repeated = await service.admin.issueCoupon(request);
      assert.ok(expired);
      assert.equal(expired.status, CouponStatus.EXPIRED);
      assert.deepEqual(repeated.coupon, expired);
      assert.deepEqual(await service.couponNow(expired.couponId), expired);
      for (const [status, listed] of [
        [CouponStatus.EXPIRED, [expired]],
        [CouponStatus.UNUSED, [valid]],
        [CouponStatus.USED, []],
        [CouponStatus.REVOKED, []],
        [CouponStatus.UNSPECIFIED, [valid, expired]],
      ] as const) {
        const { coupons } = await service.as(userId).listCoupons({ status });
        assert.deepEqual(coupons, listed, `status ${status}`);
      }
      const orderId = newId();
      assert.deepEqual(await service.use({ orderId, couponId: expired.couponId, userId }), [
        Reason.COUPON_NOT_VALID_NOW,
      ]);
    });

    it("refuses malformed lists", async () => {
      const malformed: Parameters<typeof service.admin.listCoupons>[0][] = [
        {},
        { userId: 1n, status: 999 as CouponStatus },
        { userId: 1n, pageSize: -1 },
        { userId: 1n, pageToken: "forged" },
      ];
      for (const request of malformed) await invalid(service.admin.listCoupons(request));
      const others = service.as(1n).listCoupons({ userId: 2n });
      await refused(others, Reason.USER_NOT_FOUND);
    });
  });

  describe("revoking", () => {
    it("takes an unused coupon back for good, once", async () => {
      const userId = newId();
      const { couponId } = await service.issue({ userId });
      const { coupon } = await service.admin.revokeCoupon({ couponId, note: "Issued twice." });
      assert.equal(coupon?.status, CouponStatus.REVOKED);
      assert.ok(coupon.revokeTime);
      const again = await service.admin.revokeCoupon({ couponId, note: "Another note." });
      assert.deepEqual(again.coupon, coupon);
      assert.deepEqual(await service.couponNow(couponId), coupon);
      const [row] = await service.sql(
        "select revoke_note as note from coupons where coupon_id = ?",
        [couponId],
      );
      assert.equal(row?.note, "Issued twice.");
      assert.deepEqual(await service.use({ orderId: newId(), couponId, userId }), [
        Reason.COUPON_REVOKED,
      ]);
      const quote = { couponId, userId, goodsAmountCents: 2_000n };
      await refused(service.order.quoteCoupon(quote), Reason.COUPON_REVOKED);
      for (const [status, count] of [
        [CouponStatus.REVOKED, 1],
        [CouponStatus.UNUSED, 0],
      ] as const) {
        const { coupons } = await service.as(userId).listCoupons({ status });
        assert.equal(coupons.length, count);
      }
    });

    it("revokes a coupon that has expired, and one that an order gave back", async () => {
      const period = { validFrom: minutesAway(-10), validUntil: minutesAway(-5) };
      const { couponId: expired } = await service.issue(period);
      const { couponId: freed } = await service.issue();
      const orderId = newId();
      await service.use({ orderId, couponId: freed });
      await refused(service.admin.revokeCoupon({ couponId: freed }), Reason.COUPON_ALREADY_USED);
      await service.cancel(orderId);
      for (const couponId of [expired, freed]) {
        const { coupon } = await service.admin.revokeCoupon({ couponId });
        assert.equal(coupon?.status, CouponStatus.REVOKED);
      }
    });

    it("is either spent or revoked when both happen at once", async () => {
      for (let round = 0; round < 10; round += 1) {
        const { couponId } = await service.issue();
        const [[spent], revoked] = await Promise.all([
          service.use({ orderId: newId(), couponId }),
          outcome(service.admin.revokeCoupon({ couponId })),
        ]);
        const expected =
          spent === 500n ? [500n, "COUPON_ALREADY_USED"] : [Reason.COUPON_REVOKED, "ok"];
        assert.deepEqual([spent, revoked], expected);
      }
    });

    it("is for administrators, and refuses malformed requests", async () => {
      const { couponId } = await service.issue();
      for (const caller of [service.as(1n), service.order]) {
        await refused(caller.revokeCoupon({ couponId }), Reason.PERMISSION_DENIED);
      }
      await refused(service.admin.revokeCoupon({ couponId: newId() }), Reason.COUPON_NOT_FOUND);
      await invalid(service.admin.revokeCoupon({ couponId: 0n }));
      await invalid(service.admin.revokeCoupon({ couponId, note: "x".repeat(501) }));
      assert.equal((await service.couponNow(couponId)).status, CouponStatus.UNUSED);
    });
  });

  describe("quoting", () => {
    const quote = async (couponId: bigint, goodsAmountCents: bigint, userId = 1n) =>
      (await service.order.quoteCoupon({ couponId, userId, goodsAmountCents })).amountOffCents;

    it("returns what would come off, and spends nothing", async () => {
      const fixed = await service.issue({ discount: amountOff(500n) });
      assert.equal(await quote(fixed.couponId, 2_000n), 500n);
      assert.equal(await quote(fixed.couponId, 499n), 499n);
      const share = await service.issue({
        discount: { ...percentOff(1_500), maximumOffCents: 300n },
      });
      assert.equal(await quote(share.couponId, 999n), 149n);
      assert.equal(await quote(share.couponId, 2_001n), 300n);
      assert.equal((await service.couponNow(fixed.couponId)).status, CouponStatus.UNUSED);
      assert.deepEqual(
        await service.sql("select * from coupon_uses where coupon_id = ?", [fixed.couponId]),
        [],
      );
    });

    it("is exact up to the largest amount and refuses larger ones", async () => {
      const all = await service.issue({ discount: percentOff(10_000) });
      assert.equal(await quote(all.couponId, MAX_CENTS), MAX_CENTS);
      for (const cents of [MAX_CENTS + 1n, -1n]) {
        await invalid(quote(all.couponId, cents));
      }
    });

    it("refuses for the same reasons as spending", async () => {
      const minimum = { ...amountOff(500n), minimumGoodsAmountCents: 1_000n };
      const { couponId } = await service.issue({ discount: minimum });
      assert.equal(await quote(couponId, 1_000n), 500n);
      await refused(quote(couponId, 999n), Reason.COUPON_MINIMUM_NOT_MET);
      await refused(quote(couponId, 2_000n, 2n), Reason.COUPON_NOT_FOUND);
      await refused(quote(newId(), 2_000n), Reason.COUPON_NOT_FOUND);
      await service.use({ orderId: newId(), couponId });
      await refused(quote(couponId, 2_000n), Reason.COUPON_ALREADY_USED);
      const request = { couponId, userId: 1n, goodsAmountCents: 2_000n };
      await refused(service.as(1n).quoteCoupon(request), Reason.PERMISSION_DENIED);
    });
  });
});
