import type { Database, Transaction } from "#platform/db/database.ts";
import { insertRows, updateRows } from "#platform/db/rows.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import type { RowOf } from "#platform/db/tables.ts";
import { type Coupon, CouponStatus, couponAt } from "../domain/coupon.ts";
import { COUPONS } from "./entities.ts";

const PUBLIC = COUPONS.pick(
  "couponId",
  "userId",
  "amountOffCents",
  "basisPointsOff",
  "maximumOffCents",
  "minimumGoodsAmountCents",
  "status",
  "orderId",
  "validFrom",
  "validUntil",
  "usedTime",
  "revokeTime",
);
const ISSUED = COUPONS.pick("requestFingerprint");

/** The coupons of each status at the database's time. */
const HAS_STATUS: Record<CouponStatus, string> = {
  [CouponStatus.UNUSED]: "and status = 1 and (valid_until is null or valid_until > now(3))",
  [CouponStatus.USED]: "and status = 2",
  [CouponStatus.EXPIRED]: "and status = 1 and valid_until <= now(3)",
  [CouponStatus.REVOKED]: "and status = 4",
};

type CouponRow = RowOf<typeof PUBLIC>;

/**
 * A user's coupons, newest first: at most `limit` that are older than `beforeId`, with the status
 * that they have at the database's time.
 */
export async function listCoupons(
  database: Database,
  filter: {
    userId: bigint;
    status: CouponStatus | undefined;
    beforeId: bigint | undefined;
    limit: number;
  },
): Promise<Coupon[]> {
  const { userId, status, beforeId, limit } = filter;
  const rows = await database.select<CouponRow & { now: Date }>(
    `select ${PUBLIC.sql}, now(3) as now from coupons
     where user_id = ? ${status === undefined ? "" : HAS_STATUS[status]}
       ${beforeId === undefined ? "" : "and coupon_id < ?"}
     order by coupon_id desc limit ?`,
    [userId, ...(beforeId === undefined ? [] : [beforeId]), limit],
  );
  return rows.map((row) => couponAt(couponOf(row), row.now));
}

/**
 * The coupon with the status that it has at the database's time, and that time, which decides
 * whether it is valid.
 */
export async function findCouponNow(
  database: Database,
  couponId: bigint,
): Promise<{ coupon: Coupon; now: Date } | undefined> {
  const [row] = await database.select<CouponRow & { now: Date }>(
    `select ${PUBLIC.sql}, now(3) as now from coupons where coupon_id = ?`,
    [couponId],
  );
  return row && { coupon: couponAt(couponOf(row), row.now), now: row.now };
}

/** The coupon that an earlier request with this id issued, with the fingerprint of its contents. */
export async function findIssued(
  tx: Transaction,
  requestId: string,
): Promise<{ coupon: Coupon; fingerprint: Uint8Array } | undefined> {
  const [row] = await tx.select<CouponRow & RowOf<typeof ISSUED> & { now: Date }>(
    `select ${PUBLIC.sql}, ${ISSUED.sql}, now(3) as now from coupons where request_id = ?`,
    [requestId],
  );
  if (row === undefined) return undefined;
  return { coupon: couponAt(couponOf(row), row.now), fingerprint: row.requestFingerprint };
}

export async function databaseNow(tx: Transaction): Promise<Date> {
  const [row] = await tx.select<{ now: Date }>("select now(3) as now");
  if (row === undefined) throw new Error("the database returned no time for `select now(3)`");
  return row.now;
}

const NEW_COUPON = [
  "couponId",
  "userId",
  "amountOffCents",
  "basisPointsOff",
  "maximumOffCents",
  "minimumGoodsAmountCents",
  "status",
  "orderId",
  "validFrom",
  "validUntil",
  "requestId",
  "requestFingerprint",
] as const;

export async function insertCoupon(
  tx: Transaction,
  { discount, ...coupon }: Coupon,
  request: { requestId: string; requestFingerprint: Uint8Array },
): Promise<void> {
  const { off, maximumOffCents, minimumGoodsAmountCents } = discount;
  await insertRows(tx, COUPONS, NEW_COUPON, [
    {
      ...coupon,
      ...request,
      amountOffCents: off.kind === "amount" ? off.cents : 0n,
      basisPointsOff: off.kind === "percent" ? off.basisPoints : 0,
      maximumOffCents,
      minimumGoodsAmountCents,
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
    `select ${PUBLIC.sql}, now(3) as now from coupons force index (primary)
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
  const rows = redemptions.map(({ couponId, orderId }) => {
    return { couponId, status: CouponStatus.USED, orderId, usedTime: now };
  });
  await changeCoupons(tx, rows, CouponStatus.UNUSED);
}

/** Marks used coupons that this transaction has locked as unused. */
export async function freeCoupons(tx: Transaction, couponIds: readonly bigint[]): Promise<void> {
  const rows = couponIds.map((couponId) => {
    return { couponId, status: CouponStatus.UNUSED, orderId: 0n, usedTime: null };
  });
  await changeCoupons(tx, rows, CouponStatus.USED);
}

/** Marks an unused coupon that this transaction has locked as revoked. */
export async function markRevoked(
  tx: Transaction,
  { couponId, note, now }: { couponId: bigint; note: string; now: Date },
): Promise<void> {
  const row = { couponId, status: CouponStatus.REVOKED, revokeTime: now, revokeNote: note };
  const set = ["status", "revokeTime", "revokeNote"] as const;
  const where = { status: CouponStatus.UNUSED };
  const matched = await updateRows(tx, COUPONS, { key: "couponId", set, where }, [row]);
  if (matched !== 1) throw new Error(`coupon ${couponId} was locked, but is no longer unused`);
}

async function changeCoupons(
  tx: Transaction,
  rows: readonly Pick<CouponRow, "couponId" | "status" | "orderId" | "usedTime">[],
  from: CouponStatus,
): Promise<void> {
  if (rows.length === 0) return;
  const set = ["status", "orderId", "usedTime"] as const;
  const where = { status: from };
  const matched = await updateRows(tx, COUPONS, { key: "couponId", set, where }, rows);
  if (matched !== rows.length) {
    throw new Error(`${matched} of ${rows.length} locked coupons were in status ${from}`);
  }
}

function couponOf(row: CouponRow): Coupon {
  const { couponId, userId, status, orderId, validFrom, validUntil, usedTime, revokeTime } = row;
  const { maximumOffCents, minimumGoodsAmountCents, basisPointsOff, amountOffCents } = row;
  const off: Coupon["discount"]["off"] =
    basisPointsOff > 0
      ? { kind: "percent", basisPoints: basisPointsOff }
      : { kind: "amount", cents: amountOffCents };
  const discount = { off, maximumOffCents, minimumGoodsAmountCents };
  const period = { validFrom, validUntil };
  return { couponId, userId, discount, status, orderId, ...period, usedTime, revokeTime };
}
