import type { MigrationObject } from "@mikro-orm/core";
import { Migrator } from "@mikro-orm/migrations";
import { type EntitySchema, MikroORM } from "@mikro-orm/mysql";
import { CompiledQuery, type DatabaseConnection } from "kysely";
import type { Log } from "../telemetry/log.ts";
import { openConnections } from "./connections.ts";
import { guardPool } from "./guard-pool.ts";
import { migrate } from "./migrate.ts";
import { platformMigrations } from "./platform-migrations.ts";
import { createReads, type Reads } from "./reads.ts";
import { createRetry } from "./retries.ts";
import { DRIVER_OPTIONS, SESSION_STATEMENTS, WITHOUT_BEGIN } from "./sessions.ts";
import { runTransaction, type Work } from "./transactions.ts";

// The database of one service: a schema of its own on MySQL or MariaDB.
//
// There are two ways in, each with its own pool. Writes go through `transact`, reads through
// `select` (SQL) or `read` (entities). A quarter of the connections serves reads, so that slow
// reads cannot starve the writes that orders wait for.
//
// A transaction is READ COMMITTED. It begins with its first statement, without a round trip for
// BEGIN, and statements without a result travel with the next one: a use case that locks rows,
// decides in memory and writes needs two or three round trips, the commit included. That is why
// transactions bypass the ORM's unit of work, which sends one statement after the other, and use
// the driver with callbacks (connections.ts): an order needs 18 statements, and a layer of
// promises around each costs more time than most of them take on the server.
//
// What the server undoes (deadlock, lock timeout, a key that another replica took first) and what
// an outage interrupts runs again with growing pauses (retries.ts). So `work` must decide on what
// it reads inside, and must have no effect outside the database: effects go to `afterCommit`. The
// only error that leaves the outcome open is the Outage of a connection lost during the commit.
//
// Every statement has a time limit (guard-pool.ts). Values reach SQL text as escaped literals
// (sql.ts), and columns follow from the entities (tables.ts).

export type { Transaction } from "./transactions.ts";

type DatabaseSettings = {
  /** mysql://user:password@host:port, without a schema. */
  url: string;
  schema: string;
  /** Connections at most: a quarter for reads, the rest for transactions, one of each at least. */
  pool: number;
  /** A connection whose statement gets no answer for this long is closed. @default 15_000 */
  statementMs?: number;
};

export type Database = Reads & {
  /**
   * Runs `work` in one transaction and commits it. The transaction runs again if it was undone, up
   * to 8 times, so `work` must read what it decides on and have no other effects.
   *
   * Throws DuplicateKey if a key is still taken at the last attempt, an Outage if the database is
   * unreachable, overloaded, or lost during the commit, and what `work` throws.
   *
   * `name` appears in logs and names the failpoints `begin:`, `commit.before:` and `commit.after:`.
   */
  transact<T>(name: string, work: Work<T>): Promise<T>;
  close(): Promise<void>;
};

/** More than any statement needs, and less than a message may wait for its acknowledgement. */
const STATEMENT_MS = 15_000;

/**
 * Opens the service's schema: waits until the server answers, creates the schema if it is missing,
 * and applies the platform's migrations and then `migrations`. Replicas may start at the same time.
 * Throws an UnfitServer (sessions.ts) if a right is missing or the server cannot be set up.
 */
export async function openDatabase(options: {
  settings: DatabaseSettings;
  entities: EntitySchema[];
  /** In the order in which they apply. A name is never used again. */
  migrations: MigrationObject[];
  name: string;
  log: Log;
  /** Ends the waiting for the server. @default never */
  stopping?: AbortSignal;
}): Promise<Database> {
  const { settings, log, stopping = new AbortController().signal } = options;
  const migrations = [...platformMigrations, ...options.migrations];
  const readers = Math.max(1, Math.floor(settings.pool / 4));
  const writers = Math.max(1, settings.pool - readers);
  const orm = await MikroORM.init({
    clientUrl: settings.url,
    dbName: settings.schema,
    entities: options.entities,
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    migrations: {
      migrationsList: migrations,
      snapshot: false,
      silent: true,
      tableName: "schema_migrations",
    },
    forceUtcTimezone: true,
    pool: { min: 0, max: readers },
    onCreateConnection: async (connection) => {
      for (const sql of SESSION_STATEMENTS) {
        await (connection as DatabaseConnection).executeQuery(CompiledQuery.raw(sql));
      }
    },
    driverOptions: DRIVER_OPTIONS,
  });
  const names = migrations.map(({ name }) => name);
  await migrate({ orm, ...settings, names, log, stopping });
  const connections = openConnections(
    {
      ...DRIVER_OPTIONS,
      uri: settings.url,
      database: settings.schema,
      connectionLimit: writers,
      maxIdle: writers,
      timezone: "Z",
    },
    [...SESSION_STATEMENTS, WITHOUT_BEGIN],
  );
  // Only now: migrations take as long as they need.
  const statementMs = settings.statementMs ?? STATEMENT_MS;
  guardPool(await orm.em.getConnection().getNativeClient(), statementMs);
  guardPool(connections.pool, statementMs);
  const retry = createRetry(log);
  const runOnce = runTransaction(connections);
  return {
    ...createReads(orm, { retry, log }),
    transact: (name, work) => retry(name, (attempt) => runOnce(name, work, attempt)),
    async close() {
      await Promise.all([orm.close(true), connections.close()]);
    },
  };
}
