import { openDatabase } from "#platform/db/database.ts";
import { migrations as couponMigrations } from "../../services/coupon/store/migrations/index.ts";
import { migrations as goodsMigrations } from "../../services/goods/store/migrations/index.ts";
import { migrations as orderMigrations } from "../../services/order/store/migrations/index.ts";
import { migrations as userMigrations } from "../../services/user/store/migrations/index.ts";
import { silent } from "../../testbed/shop/database.ts";
import { openSchemas } from "../../testbed/shop/schemas.ts";
import { insertCatalog } from "../shop/insert-catalog.ts";
import type { Catalog } from "../target.ts";

/**
 * Makes one schema with the tables of all services by their migrations, so that each row costs the
 * same as in the shop, keys and checks included. The tables by which services recognize repeated
 * commands stay empty.
 */
export async function makeSchema(options: {
  mysqlUrl: string;
  namespace: string;
  catalog: Catalog;
}): Promise<void> {
  const { mysqlUrl, namespace, catalog } = options;
  const database = await openDatabase({
    settings: { url: mysqlUrl, schema: `${namespace}_order`, pool: 1 },
    entities: [],
    migrations: [...orderMigrations, ...couponMigrations, ...goodsMigrations, ...userMigrations],
    name: "monolith",
    log: silent,
  });
  await database.close();
  const schemas = openSchemas(namespace, mysqlUrl);
  const sql = <T>(_: string, statement: string, parameters?: unknown[]) =>
    schemas.sql<T>("order", statement, parameters);
  try {
    await insertCatalog(sql, catalog);
  } finally {
    await schemas.close();
  }
}
