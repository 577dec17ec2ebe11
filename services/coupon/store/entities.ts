import { defineEntity, p } from "@mikro-orm/mysql";
import { tableOf } from "#platform/db/tables.ts";
import type { CouponStatus } from "../domain/coupon.ts";
import type { Redemption } from "../domain/redemption.ts";

/** The database's time when the row is inserted. */
const NOW = "current_timestamp(3)";

/** The domain's discount lies flat in its columns. */
const CouponEntity = defineEntity({
  name: "Coupon",
  tableName: "coupons",
  properties: {
    couponId: p.bigint().primary(),
    userId: p.bigint(),
    /** 0n for a percentage. */
    amountOffCents: p.bigint(),
    /** 0 for a fixed amount. */
    basisPointsOff: p.integer(),
    maximumOffCents: p.bigint(),
    minimumGoodsAmountCents: p.bigint(),
    status: p.smallint().$type<CouponStatus>(),
    /** 0n while unused. */
    orderId: p.bigint().default(0),
    validFrom: p.datetime(3),
    validUntil: p.datetime(3).strictNullable(),
    issueTime: p.datetime(3).defaultRaw(NOW),
    usedTime: p.datetime(3).strictNullable(),
    revokeTime: p.datetime(3).strictNullable(),
    /** Why it was revoked, for administrators. */
    revokeNote: p.string().default(""),
    /** Makes IssueCoupon idempotent. */
    requestId: p.string(),
    requestFingerprint: p.blob(),
  },
});

const RedemptionEntity = defineEntity({
  name: "Redemption",
  tableName: "coupon_uses",
  properties: {
    orderId: p.bigint().primary(),
    couponId: p.bigint(),
    userId: p.bigint(),
    goodsAmountCents: p.bigint(),
    amountOffCents: p.bigint(),
    state: p.smallint().$type<Redemption["state"]>(),
    /** The refusal of a refused order, encoded. */
    refusal: p.blob().strictNullable(),
    useTime: p.datetime(3).defaultRaw(NOW),
    /** Generated: the coupon of a held redemption. Its unique key refuses a second one. */
    heldCouponId: p.bigint().strictNullable(),
  },
});

export const entities = [CouponEntity, RedemptionEntity];

export const COUPONS = tableOf(CouponEntity);
export const REDEMPTIONS = tableOf(RedemptionEntity);
