import { idOf } from "../../bench/catalog.ts";
import type { Catalog } from "../../bench/target.ts";
import type { Schemas } from "../shop/schemas.ts";

const CHUNK = 5_000;
/** As of a user that was registered; nobody logs in. */
const NO_PASSWORD = "$argon2id$none";
const TOP_UP = 1;
const INITIAL = 1;
const UNUSED = 1;

/** Writes the catalogue past the services, with the logs by which the audit finds the books right. */
export async function insertCatalog(schemas: Schemas, catalog: Catalog): Promise<void> {
  const { goods, shoppers, coupons } = catalog;
  const into = async (
    service: "goods" | "user" | "coupon",
    table: string,
    rows: Record<string, unknown>[],
  ) => {
    const [first] = rows;
    if (!first) return;
    const statement = `insert into ${table} (${Object.keys(first).join(", ")}) values ?`;
    for (let start = 0; start < rows.length; start += CHUNK) {
      const values = rows.slice(start, start + CHUNK).map((row) => Object.values(row));
      await schemas.sql(service, statement, [values]);
    }
  };
  await into(
    "goods",
    "goods",
    goods.map(({ goodsId, unitPriceCents, stock }) => ({
      goods_id: goodsId,
      request_id: `bench-${goodsId}`,
      request_fingerprint: "",
      name: "Bench",
      description: "",
      unit_price_cents: unitPriceCents,
      stock,
      image_url: "",
    })),
  );
  await into(
    "goods",
    "stock_log",
    goods.map(({ goodsId, stock }, index) => ({
      log_id: idOf("stock log", index),
      goods_id: goodsId,
      type: INITIAL,
      delta: stock,
      stock_after: stock,
    })),
  );
  await into(
    "user",
    "users",
    shoppers.map(({ userId, balanceCents }) => ({
      user_id: userId,
      user_name: `shopper ${userId}`,
      user_name_key: `shopper ${userId}`,
      password_hash: NO_PASSWORD,
      balance_cents: balanceCents,
    })),
  );
  await into(
    "user",
    "balance_log",
    shoppers.map(({ userId, balanceCents }, index) => ({
      log_id: idOf("balance log", index),
      user_id: userId,
      type: TOP_UP,
      amount_cents: balanceCents,
      balance_after: balanceCents,
      request_id: `bench-${userId}`,
    })),
  );
  await into("coupon", "coupons", couponRows(coupons));
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
    request_id: `bench-${couponId}`,
    request_fingerprint: "",
  }));
}
