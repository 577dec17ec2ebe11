import { Checks } from "#platform/values/checks.ts";
import { closePage, openPage } from "#platform/values/pages.ts";
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
  const list = "shop.coupon.v1.CouponService/ListCoupons";
  const page = openPage({ ...query, list, filters: [query.userId, query.status ?? 0] });
  const found = await store.listCoupons(database, {
    userId: query.userId,
    status: query.status,
    beforeId: page.cursor,
    limit: page.limit,
  });
  const { entries, nextPageToken } = closePage(page, found, ({ couponId }) => couponId);
  return { coupons: entries, nextPageToken };
}
