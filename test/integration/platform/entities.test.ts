import assert from "node:assert/strict";
import type { EntitySchema, MigrationObject } from "@mikro-orm/core";
import { WorkerEntity } from "#platform/db/identifiers.ts";
import { tableOf } from "#platform/db/tables.ts";
import { InboxEntity } from "#platform/events/inbox.ts";
import { OutboxEntity } from "#platform/events/outbox-table.ts";
import { ParkedMessageEntity } from "#platform/events/parked.ts";
import { entities as couponEntities } from "../../../services/coupon/store/entities.ts";
import { migrations as couponMigrations } from "../../../services/coupon/store/migrations/index.ts";
import { entities as goodsEntities } from "../../../services/goods/store/entities.ts";
import { migrations as goodsMigrations } from "../../../services/goods/store/migrations/index.ts";
import { entities as orderEntities } from "../../../services/order/store/entities.ts";
import { migrations as orderMigrations } from "../../../services/order/store/migrations/index.ts";
import { entities as payEntities } from "../../../services/pay/store/entities.ts";
import { migrations as payMigrations } from "../../../services/pay/store/migrations/index.ts";
import { entities as userEntities } from "../../../services/user/store/entities.ts";
import { migrations as userMigrations } from "../../../services/user/store/migrations/index.ts";
import { openTestDatabase, type TestDatabase } from "../../../testbed/shop/database.ts";

type Column = {
  name: string;
  table: string;
  nullable: string;
  initial: string | null;
  /** Says where the database computes the column, so that no statement needs a property. */
  extra: string;
};
type Option = { nullable?: boolean; default?: unknown; defaultRaw?: string };

const SCHEMAS: Record<string, { entities: EntitySchema[]; migrations: MigrationObject[] }> = {
  platform: {
    entities: [OutboxEntity, InboxEntity, ParkedMessageEntity, WorkerEntity],
    migrations: [],
  },
  goods: { entities: goodsEntities, migrations: goodsMigrations },
  coupon: { entities: couponEntities, migrations: couponMigrations },
  user: { entities: userEntities, migrations: userMigrations },
  order: { entities: orderEntities, migrations: orderMigrations },
  pay: { entities: payEntities, migrations: payMigrations },
};

describe("the entities of each schema", () => {
  for (const [name, { entities, migrations }] of Object.entries(SCHEMAS)) {
    describe(name, () => {
      let database: TestDatabase;
      let columns: Column[];
      before(async () => {
        database = await openTestDatabase(migrations);
        columns = await database.select<Column>(
          `select table_name as \`table\`, column_name as name, is_nullable as nullable,
             column_default as initial, extra as extra
           from information_schema.columns where table_schema = ?`,
          [database.schema],
        );
      });
      after(() => database.drop());

      for (const entity of entities) {
        it(`${entity.meta.tableName} has the columns, nulls and defaults of its table`, () => {
          const table = tableOf(entity as never) as ReturnType<typeof tableOf>;
          const properties = entity.meta.properties as Record<string, Option>;
          const declared = [...table.columns].map(([property, name]) => {
            const option = properties[property] ?? {};
            const hasDefault = option.default !== undefined || option.defaultRaw !== undefined;
            return { name, nullable: option.nullable === true, hasDefault };
          });
          const migrated = columns
            .filter((column) => column.table === table.name)
            .filter(({ name, extra }) => {
              return (
                !/(STORED|VIRTUAL) GENERATED/.test(extra) ||
                declared.some((one) => one.name === name)
              );
            })
            .map(({ name, nullable, initial }) => {
              // Without a default, MySQL says null and MariaDB, where null is allowed, "NULL".
              const hasDefault = initial !== null && initial !== "NULL";
              return { name, nullable: nullable === "YES", hasDefault };
            });
          const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
          assert.deepEqual(declared.toSorted(byName), migrated.toSorted(byName));
        });
      }
    });
  }
});
