import type { MigrationObject } from "@mikro-orm/core";
import { pino } from "pino";
import { type Database, openDatabase } from "#platform/db/database.ts";
import { newNamespace } from "./namespace.ts";
import { openSchemas } from "./schemas.ts";

export const silent = pino({ level: "silent" });

export type TestDatabase = Database & { schema: string; namespace: string; drop(): Promise<void> };

/** Opens a new schema on the suite's server as a service would. `drop` closes and deletes it. */
export async function openTestDatabase(
  migrations: MigrationObject[] = [],
  namespace = newNamespace(),
): Promise<TestDatabase> {
  const url = process.env.SHOP_MYSQL_URL;
  if (!url)
    throw new Error("SHOP_MYSQL_URL is not set; read it in a hook or a test, after mocha's setup");
  const schema = `${namespace}_order`;
  const settings = { url, schema, pool: 6 };
  const database = await openDatabase({
    settings,
    entities: [],
    migrations,
    name: "order",
    log: silent,
  });
  return {
    ...database,
    schema,
    namespace,
    async drop() {
      await database.close();
      const schemas = openSchemas(namespace);
      await schemas.drop();
      await schemas.close();
    },
  };
}
