import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SERVICES } from "#proto/services.ts";
import { asOperator, shopStreams } from "../../../testbed/system/operator.ts";
import type { System } from "../../../testbed/system/system.ts";
import { untilQuiet } from "../judge/quiet.ts";

/** Tables that are not about orders, users or messages. */
const KEPT_TABLES = ["schema_migrations", "snowflake_workers"];
const QUIET_WITHIN_MS = 15_000;
const TRIES = 5;

/**
 * Empties schemas, streams and the provider's store while the system runs, so that earlier defects
 * are not found again. Repeats while work in progress still writes rows.
 */
export async function emptyShop(system: System): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    await emptySchemas(system);
    await asOperator(system, async (operator) => {
      for (const stream of await shopStreams(system, operator)) {
        await operator.manager.streams.purge(stream);
      }
    });
    inProviderStore(system, "delete from notices; delete from refunds; delete from payments;");
    await system.sandbox.faults();
    const { isQuiet } = await untilQuiet(system, { untilMs: Date.now() + QUIET_WITHIN_MS });
    if (isQuiet) return;
  }
  throw new Error(`the shop is not quiet after it was emptied ${TRIES} times`);
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

/** Runs statements in the provider's store. */
export function inProviderStore({ directory }: System, statements: string): void {
  const store = new DatabaseSync(join(directory, "sandbox.db"), { timeout: 5_000 });
  try {
    store.exec(statements);
  } finally {
    store.close();
  }
}
