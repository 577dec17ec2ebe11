import { setTimeout as pause } from "node:timers/promises";
import type { MigrationObject } from "@mikro-orm/core";
import { Migrator } from "@mikro-orm/migrations";
import { type EntitySchema, MikroORM, type SqlEntityManager } from "@mikro-orm/mysql";
import { CompiledQuery, type DatabaseConnection } from "kysely";
import mysql from "mysql2/promise";
import { failpoint } from "../settings/failpoint.ts";
import type { Log } from "../telemetry/log.ts";
import { Outage } from "../values/refusal.ts";
import { CLOCK_TOLERANCE_MS } from "./clock.ts";
import { type Answer, type Connections, openConnections } from "./connections.ts";
import {
  DuplicateKey,
  isConflict,
  isDuplicateKey,
  isOutage,
  isTimeout,
  isUnsent,
  refusedAt,
} from "./errors.ts";
import { guardPool } from "./guard-pool.ts";
import { platformMigrations } from "./platform-migrations.ts";
import { formatSql, type Parameter } from "./sql.ts";

export type DatabaseSettings = {
  /** mysql://user:password@host:port, without a schema. */
  url: string;
  schema: string;
  /** Connections at most: a quarter of them for reads, the others for transactions; one of each kind at least. */
  pool: number;
  /** A connection that does not answer a statement in this time is given up. Default: 15 s. */
  statementMs?: number;
};

export type Transaction = {
  /** BIGINT comes back as bigint, DATETIME as Date, BLOB as Buffer. */
  select<T>(sql: string, parameters?: readonly Parameter[]): Promise<T[]>;
  /** Rows that the statement matched, changed or not. */
  change(sql: string, parameters?: readonly Parameter[]): Promise<number>;
  /**
   * A change of which nobody needs to know how many rows it matched. It goes to the server together with the next
   * statement, at the latest with the commit, and that is where its failure comes out.
   */
  write(sql: string, parameters?: readonly Parameter[]): Promise<void>;
  /** Runs once the commit has succeeded, before `transact` resolves. */
  afterCommit(run: () => void): void;
};

/** What a transaction does; it runs again from its beginning where the attempt before was undone. */
export type Work<T> = (tx: Transaction, attempt: number) => Promise<T>;

export type Database = {
  /**
   * Runs `work` in one READ COMMITTED transaction and commits it. Deadlock, lock timeout, snapshot conflict, a
   * duplicate key and a connection lost before the commit undo everything and run it again, a bounded number of times
   * with growing pauses: `work` must read whatever it decides on inside. `attempt` is 1 for the first run, 2 for the
   * second, and so on. Afterwards the trouble comes out as DuplicateKey or as Outage. A connection lost after the commit
   * was sent, with what was written last, is an Outage at once: the outcome is unknown.
   * `name` appears in logs and names the failpoints `begin:`, `commit.before:` and `commit.after:`.
   */
  transact<T>(name: string, work: Work<T>): Promise<T>;
  /** Reads with entities outside a transaction; what it gets is forgotten afterwards. Run again like a transaction. */
  read<T>(work: (em: SqlEntityManager) => Promise<T>): Promise<T>;
  select<T>(sql: string, parameters?: readonly Parameter[]): Promise<T[]>;
  /** True where the server answers. */
  check(): Promise<boolean>;
  close(): Promise<void>;
};

const MAX_RUNS = 8;
const MAX_RUNS_IN_OUTAGE = 3;
const FIRST_PAUSE_MS = 5;
const CONNECT_TIMEOUT_MS = 5_000;
/** Waiting transactions beyond the pool; more are refused at once. */
const MAX_POOL_QUEUE = 1_000;
/** More than any statement takes that does its work, and less than a message waits for its acknowledgement. */
const STATEMENT_MS = 15_000;
/** Characters that are kept for the next statement; far less than a server takes at once. */
const MAX_WRITTEN_LENGTH = 1_000_000;
/** Below the rpc deadline, so that a lock held too long is told as trouble, not as silence. */
const LOCK_WAIT_SECONDS = 5;

const SQL_MODE = "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";
/** A session whose process went away without a word holds its locks no longer than this. */
const IDLE_SECONDS = 600;
const IDLE_IN_TRANSACTION_SECONDS = 30;
/**
 * For every new connection. The part that only MariaDB reads also keeps it from turning `in` lists of 1,000 and more
 * into joins, which lock rows in another order than by key.
 */
const SESSION = [
  "set session transaction isolation level read committed",
  `set session time_zone = '+00:00', innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS},
   wait_timeout = ${IDLE_SECONDS}, sql_mode = '${SQL_MODE}'
   /*M!100307 , in_predicate_conversion_threshold = 0,
     idle_transaction_timeout = ${IDLE_IN_TRANSACTION_SECONDS} */`,
];

/** A transaction begins with its first statement, which saves a round trip. */
const WITHOUT_BEGIN = "set session autocommit = 0";

/**
 * Opens the service's schema: waits until the server answers, creates the schema where it is missing, and applies the
 * platform's migrations and the given ones under a lock, so that replicas may start at the same time.
 */
export async function openDatabase(options: {
  settings: DatabaseSettings;
  entities: EntitySchema[];
  /** In the order in which they apply; a name is never used again. */
  migrations: MigrationObject[];
  name: string;
  log: Log;
}): Promise<Database> {
  const { settings, log } = options;
  const forReads = Math.max(1, Math.floor(settings.pool / 4));
  const driverOptions = {
    flags: ["-LOCAL_FILES"],
    charset: "utf8mb4",
    connectTimeout: CONNECT_TIMEOUT_MS,
    queueLimit: MAX_POOL_QUEUE,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
    typeCast,
  };
  const orm = await MikroORM.init({
    clientUrl: settings.url,
    dbName: settings.schema,
    entities: options.entities,
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    migrations: {
      migrationsList: [...platformMigrations, ...options.migrations],
      snapshot: false,
      silent: true,
      tableName: "schema_migrations",
    },
    forceUtcTimezone: true,
    pool: { min: 0, max: forReads },
    onCreateConnection: async (connection) => {
      for (const sql of SESSION) {
        await (connection as DatabaseConnection).executeQuery(CompiledQuery.raw(sql));
      }
    },
    driverOptions,
  });
  await migrate(orm, settings, log);
  const statementMs = settings.statementMs ?? STATEMENT_MS;
  // Not earlier: migrations may take as long as they need.
  guardPool(await orm.em.getConnection().getNativeClient(), statementMs);
  const connectionLimit = Math.max(1, settings.pool - forReads);
  const connections = openConnections(
    {
      ...driverOptions,
      uri: settings.url,
      database: settings.schema,
      connectionLimit,
      maxIdle: connectionLimit,
      timezone: "Z",
    },
    [...SESSION, WITHOUT_BEGIN],
  );
  guardPool(connections.pool, statementMs);
  return databaseOf(orm, { connections, log });
}

type Field = { type: string; string(): string | null };

function typeCast(field: Field, next: () => unknown): unknown {
  if (field.type === "LONGLONG") {
    const text = field.string();
    return text === null ? null : BigInt(text);
  }
  if (field.type === "DATETIME" || field.type === "TIMESTAMP") {
    const text = field.string();
    return text === null ? null : new Date(`${text.replace(" ", "T")}Z`);
  }
  return next();
}

async function migrate(orm: MikroORM, settings: DatabaseSettings, log: Log): Promise<void> {
  const lockName = `${settings.schema}.migrate`;
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    let connection: mysql.Connection | undefined;
    try {
      connection = await mysql.createConnection({
        uri: settings.url,
        connectTimeout: CONNECT_TIMEOUT_MS,
      });
      const schema = mysql.escapeId(settings.schema);
      await connection.query(
        `create database if not exists ${schema} character set utf8mb4 collate utf8mb4_bin`,
      );
      await connection.query("select get_lock(?, 60)", [lockName]);
      await orm.migrator.up();
      return;
    } catch (error) {
      if (!isOutage(error)) throw error;
      log.warn({ err: error }, "the database does not answer yet, trying again");
    } finally {
      // Closing the connection releases the lock.
      connection?.destroy();
    }
    await pause(pauseMs);
  }
}

function databaseOf(
  orm: MikroORM,
  { connections, log }: { connections: Connections; log: Log },
): Database {
  const told = async (run: () => Promise<Answer>, sqls: readonly string[]): Promise<Answer> => {
    try {
      return await run();
    } catch (error) {
      // The driver puts all that was sent on the error, and with it people's data into the log.
      const sql = sqls[refusedAt(error) ?? 0] ?? "";
      if (error instanceof Error && "sql" in error) error.sql = sql.slice(0, 60);
      throw error;
    }
  };
  const read = (sql: string, parameters: readonly Parameter[] = []): Promise<Answer> =>
    told(() => orm.em.getConnection().execute(formatSql(sql, parameters), [], "run"), [sql]);
  const runAgain = async <T>(name: string, once: (attempt: number) => Promise<T>): Promise<T> => {
    for (let run = 1; ; run += 1) {
      try {
        return await once(run);
      } catch (error) {
        if (!isOutage(error) && !isConflict(error) && !isDuplicateKey(error)) throw error;
        if (run >= runsAfter(error)) throw exhausted(name, error);
        log.debug({ err: error, transaction: name, run }, "running it again");
        await pause(FIRST_PAUSE_MS * 2 ** (run - 1) * (0.5 + Math.random()));
      }
    }
  };

  const runOnce = async <T>(name: string, work: Work<T>, attempt: number): Promise<T> => {
    const afterCommit: (() => void)[] = [];
    await failpoint(`begin:${name}`);
    const connection = await connections.take();
    const rollBack = () =>
      connection.run("rollback").then(
        () => connection.release(),
        () => connection.destroy(),
      );
    let written: { sql: string; filled: string }[] = [];
    let writtenLength = 0;
    const run = (sql: string, parameters: readonly Parameter[] = []) => {
      const statements = [...written, { sql, filled: formatSql(sql, parameters) }];
      written = [];
      writtenLength = 0;
      return told(
        () => connection.run(...statements.map(({ filled }) => filled)),
        statements.map((statement) => statement.sql),
      );
    };
    let result: T;
    try {
      const tx: Transaction = {
        select: async <R>(sql: string, parameters?: readonly Parameter[]) =>
          (await run(sql, parameters)).rows as R[],
        change: async (sql, parameters) => (await run(sql, parameters)).affectedRows,
        async write(sql, parameters = []) {
          const filled = formatSql(sql, parameters);
          writtenLength += filled.length;
          if (writtenLength > MAX_WRITTEN_LENGTH) await run(filled);
          else written.push({ sql, filled });
        },
        afterCommit: (then) => afterCommit.push(then),
      };
      result = await work(tx, attempt);
      await failpoint(`commit.before:${name}`);
    } catch (error) {
      await rollBack();
      throw error;
    }
    const commitAt = written.length;
    try {
      await run("commit");
    } catch (error) {
      await rollBack();
      const isUndone = isUnsent(error) || (refusedAt(error) ?? commitAt) < commitAt;
      if (isUndone || isConflict(error)) throw error;
      throw new Outage(`the outcome of ${name} is unknown`, { cause: error });
    }
    connection.release();
    await failpoint(`commit.after:${name}`);
    for (const then of afterCommit) then();
    return result;
  };

  let clocksDiffer = false;
  const check = async () => {
    try {
      const [row] = (await read("select now(3) as now")).rows as { now: Date }[];
      const aheadMs = (row?.now.getTime() ?? 0) - Date.now();
      const differ = Math.abs(aheadMs) > CLOCK_TOLERANCE_MS;
      if (differ && !clocksDiffer)
        log.error({ aheadMs }, "the clocks disagree: nothing is given up for its age");
      clocksDiffer = differ;
      return true;
    } catch {
      return false;
    }
  };

  return {
    select: <T>(sql: string, parameters: readonly Parameter[] = []) =>
      runAgain("select", async () => (await read(sql, parameters)).rows as T[]),
    read: (work) => runAgain("read", () => work(orm.em.fork())),
    check,
    async close() {
      await Promise.all([orm.close(true), connections.close()]);
    },
    transact: (name, work) => runAgain(name, (attempt) => runOnce(name, work, attempt)),
  };
}

function runsAfter(error: unknown): number {
  // Whoever asked has waited long enough.
  if (isTimeout(error)) return 1;
  // A lost connection is worth another try: the pool may have handed out a dead one.
  return isOutage(error) ? MAX_RUNS_IN_OUTAGE : MAX_RUNS;
}

function exhausted(name: string, cause: unknown): Error {
  if (isDuplicateKey(cause)) return new DuplicateKey(`a key of ${name} is taken`, { cause });
  return new Outage(`the database could not run ${name}`, { cause });
}
