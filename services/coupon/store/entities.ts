import { defineEntity, type InferEntity, p } from "@mikro-orm/mysql";
import type { Coupon, CouponStatus } from "../domain/coupon.ts";

/** The columns of `coupons` that the domain uses, with the discount as flat columns. */
export const CouponEntity = defineEntity({
  name: "Coupon",
  tableName: "coupons",
  properties: {
    couponId: p.bigint().primary(),
    userId: p.bigint(),
    amountOffCents: p.bigint(),
    basisPointsOff: p.integer(),
    maximumOffCents: p.bigint(),
    minimumGoodsAmountCents: p.bigint(),
    status: p.smallint().$type<CouponStatus>(),
    orderId: p.bigint(),
    validFrom: p.datetime(3),
    validUntil: p.datetime(3).nullable(),
    usedTime: p.datetime(3).nullable(),
  },
});

export const entities = [CouponEntity];

export type CouponRow = InferEntity<typeof CouponEntity>;

/** The columns of CouponRow, for selects without the ORM. */
export const COUPON_COLUMNS = `coupon_id as couponId, user_id as userId,
  amount_off_cents as amountOffCents, basis_points_off as basisPointsOff,
  maximum_off_cents as maximumOffCents, minimum_goods_amount_cents as minimumGoodsAmountCents,
  status, order_id as orderId, valid_from as validFrom, valid_until as validUntil, used_time as usedTime`;

export function couponOf(row: CouponRow): Coupon {
  return {
    couponId: row.couponId,
    userId: row.userId,
    discount: {
      off:
        row.basisPointsOff > 0
          ? { kind: "percent", basisPoints: row.basisPointsOff }
          : { kind: "amount", cents: row.amountOffCents },
      maximumOffCents: row.maximumOffCents,
      minimumGoodsAmountCents: row.minimumGoodsAmountCents,
    },
    status: row.status,
    orderId: row.orderId,
    validFrom: row.validFrom,
    validUntil: row.validUntil ?? null,
    usedTime: row.usedTime ?? null,
  };
}
