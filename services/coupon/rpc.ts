import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Implementation, implement } from "#platform/rpc/server.ts";
import { Checks } from "#platform/values/checks.ts";
import { errorInfo } from "#platform/values/refusal.ts";
import {
  type CouponSchema,
  CouponService,
  CouponStatus,
  type Discount as DiscountMessage,
  type IssueCouponRequest,
} from "#proto/shop/coupon/v1/coupon_pb.ts";
import type { Coupon } from "./domain/coupon.ts";
import type { CouponIssue } from "./domain/coupon-issue.ts";
import { getCoupon } from "./use-cases/get-coupon.ts";
import { issueCoupon } from "./use-cases/issue-coupon.ts";
import { listCoupons } from "./use-cases/list-coupons.ts";
import type { Parts } from "./use-cases/parts.ts";
import { quoteCoupon } from "./use-cases/quote-coupon.ts";
import { revokeCoupon } from "./use-cases/revoke-coupon.ts";
import { useCoupons } from "./use-cases/use-coupons.ts";

export function couponImplementation(parts: Parts): Implementation {
  return implement(CouponService, {
    async issueCoupon(request) {
      return { coupon: couponMessage(await issueCoupon(parts, issueOf(request))) };
    },
    async getCoupon({ couponId }, { ownerId }) {
      return { coupon: couponMessage(await getCoupon(parts, { couponId, ownerId })) };
    },
    async revokeCoupon({ couponId, note }) {
      return { coupon: couponMessage(await revokeCoupon(parts, { couponId, note })) };
    },
    async listCoupons({ status, ...query }) {
      const found = await listCoupons(parts, { ...query, status: statusOf(status) });
      return { coupons: found.coupons.map(couponMessage), nextPageToken: found.nextPageToken };
    },
    async quoteCoupon({ couponId, userId, goodsAmountCents }) {
      return { amountOffCents: await quoteCoupon(parts, { couponId, userId, goodsAmountCents }) };
    },
    async useCoupons(request) {
      const requests = request.uses.map(({ orderId, couponId, userId, goodsAmountCents }) => {
        return { orderId, couponId, userId, goodsAmountCents };
      });
      const outcomes = await useCoupons(parts, requests);
      const results = outcomes.map(({ orderId, amountOffCents, refusal }) => ({
        orderId,
        amountOffCents,
        ...(refusal && { error: errorInfo(refusal) }),
      }));
      return { results };
    },
  });
}

function issueOf({
  requestId,
  userId,
  discount,
  validFrom,
  validUntil,
}: IssueCouponRequest): CouponIssue {
  const checks = new Checks();
  checks.timestamp("valid_from", validFrom, { required: false });
  checks.timestamp("valid_until", validUntil, { required: false });
  const off = discount && offOf(discount.kind);
  if (!discount) checks.violation("discount", "must be set");
  else if (!off) checks.violation("discount.kind", "must be set");
  checks.throwIfAny();
  if (!discount || !off) throw new Error("a discount without a kind passed its checks");
  return {
    requestId,
    userId,
    discount: {
      off,
      maximumOffCents: discount.maximumOffCents,
      minimumGoodsAmountCents: discount.minimumGoodsAmountCents,
    },
    validFrom: validFrom && dateOf(validFrom),
    validUntil: validUntil && dateOf(validUntil),
  };
}

function offOf(kind: DiscountMessage["kind"]): CouponIssue["discount"]["off"] | undefined {
  switch (kind.case) {
    case "amountOffCents":
      return { kind: "amount", cents: kind.value };
    case "basisPointsOff":
      return { kind: "percent", basisPoints: kind.value };
    default:
      return undefined;
  }
}

/** Truncates to milliseconds: rounded up, the end of 9999 would not fit into a column. */
function dateOf({ seconds, nanos }: Timestamp): Date {
  return new Date(Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000));
}

/** The statuses of the contract that the domain has, by their numbers, which are the same. */
const STATUSES = [
  CouponStatus.UNUSED,
  CouponStatus.USED,
  CouponStatus.EXPIRED,
  CouponStatus.REVOKED,
] as const;

function statusOf(status: number): Coupon["status"] | undefined {
  if (status === CouponStatus.UNSPECIFIED) return undefined;
  const known = STATUSES.find((one) => one === status);
  const checks = new Checks();
  checks.that("status", known !== undefined, "must be a known status");
  checks.throwIfAny();
  return known;
}

function couponMessage(coupon: Coupon): MessageInitShape<typeof CouponSchema> {
  const { off, maximumOffCents, minimumGoodsAmountCents } = coupon.discount;
  return {
    couponId: coupon.couponId,
    userId: coupon.userId,
    discount: {
      kind:
        off.kind === "amount"
          ? { case: "amountOffCents", value: off.cents }
          : { case: "basisPointsOff", value: off.basisPoints },
      maximumOffCents,
      minimumGoodsAmountCents,
    },
    status: coupon.status,
    orderId: coupon.orderId,
    validFrom: timestampFromDate(coupon.validFrom),
    ...(coupon.validUntil && { validUntil: timestampFromDate(coupon.validUntil) }),
    ...(coupon.usedTime && { usedTime: timestampFromDate(coupon.usedTime) }),
    ...(coupon.revokeTime && { revokeTime: timestampFromDate(coupon.revokeTime) }),
  };
}
