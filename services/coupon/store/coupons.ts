import type { Database, Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { insertRows, updateRows } from "#platform/db/statements.ts";
import { type Coupon, CouponStatus } from "../domain/coupon.ts";
import { COUPON_COLUMNS, CouponEntity, type CouponRow, couponOf } from "./entities.ts";

export async function findCoupon(
  database: Database,
  couponId: bigint,
): Promise<Coupon | undefined> {
  const row = await database.read((em) => em.findOne(CouponEntity, { couponId }));
  return row ? couponOf(row) : undefined;
}

/** A user's coupons, newest first: at most `limit` that are older than `beforeId`. */
export async function listCoupons(
  database: Database,
  filter: {
    userId: bigint;
    status: CouponStatus | undefined;
    beforeId: bigint | undefined;
    limit: number;
  },
): Promise<Coupon[]> {
  const where = {
    userId: filter.userId,
    ...(filter.status !== undefined && { status: filter.status }),
    ...(filter.beforeId !== undefined && { couponId: { $lt: filter.beforeId } }),
  };
  const order = { orderBy: { couponId: "desc" as const }, limit: filter.limit };
  const rows = await database.read((em) => em.find(CouponEntity, where, order));
  return rows.map(couponOf);
}

/** The coupon and the database's time, which decides whether it is valid. */
export async function findCouponNow(
  database: Database,
  couponId: bigint,
): Promise<{ coupon: Coupon; now: Date } | undefined> {
  const [row] = await database.select<CouponRow & { now: Date }>(
    `select ${COUPON_COLUMNS}, now(3) as now from coupons where coupon_id = ?`,
    [couponId],
  );
  return row && { coupon: couponOf(row), now: row.now };
}

/** The coupon that an earlier request with this id issued, with the fingerprint of its contents. */
export async function findIssued(
  tx: Transaction,
  requestId: string,
): Promise<{ coupon: Coupon; fingerprint: Uint8Array } | undefined> {
  const [row] = await tx.select<CouponRow & { fingerprint: Buffer }>(
    `select ${COUPON_COLUMNS}, request_fingerprint as fingerprint
     from coupons where request_id = ?`,
    [requestId],
  );
  return row && { coupon: couponOf(row), fingerprint: row.fingerprint };
}

export async function databaseNow(tx: Transaction): Promise<Date> {
  const [row] = await tx.select<{ now: Date }>("select now(3) as now");
  if (row === undefined) throw new Error("the database returned no time for `select now(3)`");
  return row.now;
}

export async function insertCoupon(
  tx: Transaction,
  coupon: Coupon,
  request: { requestId: string; fingerprint: Uint8Array },
): Promise<void> {
  const { off, maximumOffCents, minimumGoodsAmountCents } = coupon.discount;
  await insertRows(tx, "coupons", [
    {
      coupon_id: coupon.couponId,
      user_id: coupon.userId,
      amount_off_cents: off.kind === "amount" ? off.cents : 0n,
      basis_points_off: off.kind === "percent" ? off.basisPoints : 0,
      maximum_off_cents: maximumOffCents,
      minimum_goods_amount_cents: minimumGoodsAmountCents,
      status: coupon.status,
      order_id: coupon.orderId,
      valid_from: coupon.validFrom,
      valid_until: coupon.validUntil,
      used_time: coupon.usedTime,
      request_id: request.requestId,
      request_fingerprint: request.fingerprint,
    },
  ]);
}

/**
 * Those of the coupons that exist, locked in key order, and the database's time. If none exists, no
 * decision needs the time, and `now` is the epoch.
 */
export async function lockCoupons(
  tx: Transaction,
  couponIds: Iterable<bigint>,
): Promise<{ coupons: Map<bigint, Coupon>; now: Date }> {
  const rows = await selectByIds<CouponRow & { now: Date }>(
    tx,
    `select ${COUPON_COLUMNS}, now(3) as now from coupons force index (primary)
     where coupon_id in (?) order by coupon_id for update`,
    couponIds,
  );
  const coupons = new Map(rows.map((row) => [row.couponId, couponOf(row)]));
  return { coupons, now: rows[0]?.now ?? new Date(0) };
}

/** Marks unused coupons that this transaction has locked as used. */
export async function spendCoupons(
  tx: Transaction,
  redemptions: readonly { couponId: bigint; orderId: bigint }[],
  now: Date,
): Promise<void> {
  const rows = redemptions.map(({ couponId, orderId }) => ({
    coupon_id: couponId,
    status: CouponStatus.USED,
    order_id: orderId,
    used_time: now,
  }));
  await changeCoupons(tx, rows, CouponStatus.UNUSED);
}

/** Marks used coupons that this transaction has locked as unused. */
export async function freeCoupons(tx: Transaction, couponIds: readonly bigint[]): Promise<void> {
  const rows = couponIds.map((couponId) => ({
    coupon_id: couponId,
    status: CouponStatus.UNUSED,
    order_id: 0n,
    used_time: null,
  }));
  await changeCoupons(tx, rows, CouponStatus.USED);
}

async function changeCoupons(
  tx: Transaction,
  rows: Parameters<typeof updateRows>[2],
  from: CouponStatus,
): Promise<void> {
  if (rows.length === 0) return;
  const matched = await updateRows(
    tx,
    {
      table: "coupons",
      key: "coupon_id",
      set: ["status", "order_id", "used_time"],
      guard: `t.status = ${from}`,
    },
    rows,
  );
  if (matched !== rows.length) {
    throw new Error(`${matched} of ${rows.length} locked coupons were in status ${from}`);
  }
}
