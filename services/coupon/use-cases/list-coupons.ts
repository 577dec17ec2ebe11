import { Checks } from "#platform/values/checks.ts";
import { decodePageToken, encodePageToken, pageSize } from "#platform/values/pages.ts";
import type { Coupon, CouponStatus } from "../domain/coupon.ts";
import * as store from "../store/coupons.ts";
import type { Parts } from "./parts.ts";

/** A page of a user's coupons, newest first, in any status or in the given one. */
export async function listCoupons(
  { database }: Parts,
  query: {
    userId: bigint;
    status: CouponStatus | undefined;
    pageSize: number;
    pageToken: string;
  },
): Promise<{ coupons: Coupon[]; nextPageToken: string }> {
  const checks = new Checks();
  checks.identifier("user_id", query.userId);
  checks.throwIfAny();
  const size = pageSize(query.pageSize);
  const found = await store.listCoupons(database, {
    userId: query.userId,
    status: query.status,
    beforeId: decodePageToken(query.pageToken),
    limit: size + 1,
  });
  const coupons = found.slice(0, size);
  const last = found.length > size ? coupons.at(-1) : undefined;
  return { coupons, nextPageToken: last ? encodePageToken(last.couponId) : "" };
}
