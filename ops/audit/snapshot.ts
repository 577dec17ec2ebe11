import { createConnection } from "mysql2";
import { SESSION_STATEMENTS } from "#platform/db/sessions.ts";
import { CommandError, messageOf } from "../command/command.ts";
import { connectionOptions } from "../command/database.ts";
import type { ProviderSource } from "./provider-source.ts";
import { createProviderTables, fillProviderTables } from "./provider-tables.ts";
import type { Row, Scope } from "./rule.ts";

/** The data of the shop as of one moment. */
export type Snapshot = {
  /** Streams the rows of a select; a row that was consumed takes no memory. */
  rows(sql: string): AsyncIterable<Row>;
  close(): Promise<void>;
};

const ROWS_AHEAD = 1_000;

/**
 * Opens a snapshot of all five schemas, which one server must hold. The tables of the shop are only
 * read. What the provider knows is read right after the snapshot begins, so it may be ahead of the
 * shop, but never behind.
 */
export async function openSnapshot(options: {
  url: string;
  scope: Pick<Scope, "pay">;
  provider: ProviderSource | undefined;
  missingSchemas?: readonly string[];
}): Promise<Snapshot> {
  const { scope, provider, missingSchemas = [] } = options;
  const hasPay = !missingSchemas.includes(scope.pay);
  const connection = createConnection({ ...connectionOptions(options.url), typeCast });
  // A lost connection fails the statement in progress. Without a listener it would end the process.
  connection.on("error", () => {});
  const run = (sql: string, values?: unknown[]) =>
    new Promise<void>((resolve, reject) => {
      connection.query(sql, values, (error) => (error ? reject(error) : resolve()));
    });
  const close = async () => connection.destroy();
  try {
    for (const sql of SESSION_STATEMENTS) await run(sql);
    await run("set session sql_mode = 'NO_ENGINE_SUBSTITUTION', wait_timeout = 86400");
    await run("set session transaction isolation level repeatable read");
    if (provider && hasPay) await createProviderTables(run, scope.pay);
    await run("start transaction with consistent snapshot, read only");
  } catch (error) {
    await close();
    const message = `the database cannot be read (${messageOf(error)})`;
    throw new CommandError(`${message}; check SHOP_MYSQL_URL and SHOP_NAMESPACE`, { cause: error });
  }
  try {
    if (provider && hasPay) await fillProviderTables(run, scope.pay, provider);
  } catch (error) {
    await close();
    throw error;
  }
  return { rows: (sql) => connection.query(sql).stream({ highWaterMark: ROWS_AHEAD }), close };
}

/** Reads BIGINT as bigint; sums are DECIMAL and stay text. */
export function typeCast(field: { type: string; string(): string | null }, next: () => unknown) {
  if (field.type !== "LONGLONG") return next();
  const text = field.string();
  return text === null ? null : BigInt(text);
}
