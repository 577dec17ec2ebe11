import {
  insertBalanceRows,
  insertGoodsRows,
  insertRows,
  insertUserRows,
} from "../../testbed/orders/rows.ts";
import type { Schemas } from "../../testbed/shop/schemas.ts";
import { idOf } from "../catalog.ts";
import type { Catalog } from "../target.ts";

const UNUSED = 1;

/** Inserts the catalogue without the services, with the logs that an audit checks. */
export async function insertCatalog(sql: Schemas["sql"], catalog: Catalog): Promise<void> {
  const { goods, shoppers, coupons } = catalog;
  await insertGoodsRows(sql, goods, {
    name: "Bench",
    logIdOf: (index) => idOf("stock log", index),
  });
  await insertUserRows(
    sql,
    shoppers.map(({ userId }) => userId),
  );
  await insertBalanceRows(sql, shoppers, { logIdOf: (index) => idOf("balance log", index) });
  await insertRows(sql, ["coupon", "coupons"], couponRows(coupons));
}

function couponRows(coupons: Catalog["coupons"]): Record<string, unknown>[] {
  const validFrom = new Date(Date.now() - 60_000);
  return coupons.map(({ couponId, userId, amountOffCents, minimumGoodsAmountCents }) => ({
    coupon_id: couponId,
    user_id: userId,
    amount_off_cents: amountOffCents,
    basis_points_off: 0,
    maximum_off_cents: 0,
    minimum_goods_amount_cents: minimumGoodsAmountCents,
    status: UNUSED,
    valid_from: validFrom,
    request_id: `row-${couponId}`,
    request_fingerprint: "",
  }));
}
