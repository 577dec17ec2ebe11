import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SERVICES } from "#proto/services.ts";
import { asOperator, shopStreams } from "../../../testbed/system/operator.ts";
import type { System } from "../../../testbed/system/system.ts";
import { untilQuiet } from "../judge/quiet.ts";

/** What is not an order's, a user's or a message's. */
const KEPT_TABLES = ["schema_migrations", "snowflake_workers"];
const QUIET_WITHIN_MS = 15_000;
const TRIES = 5;

/**
 * Empties the shop, its streams and the platform, while all of it runs, so that nothing that was broken before is found
 * again. What was under way may still write a row: then it begins again.
 */
export async function emptyShop(system: System): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    await emptySchemas(system);
    await asOperator(system, async (operator) => {
      for (const stream of await shopStreams(system, operator)) {
        await operator.manager.streams.purge(stream);
      }
    });
    inPlatformStore(system, "delete from notices; delete from refunds; delete from payments;");
    await system.sandbox.faults();
    const { isQuiet } = await untilQuiet(system, { untilMs: Date.now() + QUIET_WITHIN_MS });
    if (isQuiet) return;
  }
  throw new Error("the shop does not come to rest");
}

async function emptySchemas(system: System): Promise<void> {
  for (const service of SERVICES) {
    const tables = await system.sql<{ name: string }>(
      service,
      `select table_name as name from information_schema.tables where table_schema = database()
       and table_name not in (?)`,
      [KEPT_TABLES],
    );
    for (const { name } of tables) await system.sql(service, `delete from ${name}`);
  }
}

/** Statements in the platform's own store, past the platform. */
export function inPlatformStore({ directory }: System, statements: string): void {
  const store = new DatabaseSync(join(directory, "sandbox.db"), { timeout: 5_000 });
  try {
    store.exec(statements);
  } finally {
    store.close();
  }
}
