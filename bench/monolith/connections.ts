import { setTimeout as pause } from "node:timers/promises";
import mysql, {
  type Pool,
  type PoolConnection,
  type ResultSetHeader,
  type RowDataPacket,
} from "mysql2";
import { isConflict, isOutage } from "#platform/db/errors.ts";
import { formatSql, type Parameter as SqlParameter } from "#platform/db/sql.ts";
import { Outage } from "#platform/values/refusal.ts";

const { TypedParameter } = mysql;
type Typed = ReturnType<typeof TypedParameter.LONGLONG>;
/** A parameter of a prepared statement, which takes no undefined. */
export type Parameter = Typed | string | Buffer | Date | null;

/**
 * Sends a bigint as an integer: the driver would send text, and the server would compare keys as
 * doubles.
 */
export const big = (value: bigint): Typed => TypedParameter.LONGLONG(value);
export const int = (value: number): Typed => TypedParameter.LONG(value);

/** A transaction. Each statement is prepared once per connection, and costs one round trip. */
export type Transaction = {
  select<T>(sql: string, parameters: readonly Parameter[]): Promise<T[]>;
  /** Resolves to the number of matched rows. */
  change(sql: string, parameters: readonly Parameter[]): Promise<number>;
};

export type Connections = {
  /**
   * Runs `work` in a READ COMMITTED transaction. A deadlock, a lock timeout or RunAgain rolls back
   * and repeats it, a bounded number of times.
   */
  transact<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Runs one statement in its own transaction, for the relay. */
  query<T>(sql: string, parameters: readonly SqlParameter[]): Promise<T[]>;
  close(): Promise<void>;
};

/** Data that were read have changed meanwhile; the transaction must run again. */
export class RunAgain extends Error {}

const MAX_RUNS = 8;
const FIRST_PAUSE_MS = 2;
/**
 * The limit of prepared statements (max_prepared_stmt_count is 16,382), shared by the connections.
 */
const PREPARED_STATEMENTS = 16_000;
const BESIDE_CONNECTIONS = 2;

/**
 * The session settings of the shop. Only MariaDB reads the last one, which keeps long `in` lists in
 * key order.
 */
const SESSION = `set session time_zone = '+00:00', innodb_lock_wait_timeout = 5,
  sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'
  /*M!100307 , in_predicate_conversion_threshold = 0 */`;
const READ_COMMITTED = "set session transaction isolation level read committed";
/**
 * Without autocommit a transaction starts with its first statement, and BEGIN costs no round trip.
 */
const WITHOUT_BEGIN = "set session autocommit = 0";

export function openConnections(options: {
  url: string;
  schema: string;
  connections: number;
}): Connections {
  const common = {
    uri: options.url,
    database: options.schema,
    timezone: "Z",
    charset: "utf8mb4",
    supportBigNumbers: true,
    bigNumberStrings: true,
    enableKeepAlive: true,
    // A stack trace for each statement costs too much.
    trace: false,
  };
  const orders = mysql.createPool({
    ...common,
    connectionLimit: options.connections,
    maxIdle: options.connections,
    maxPreparedStatements: Math.floor(PREPARED_STATEMENTS / options.connections),
  });
  const beside = mysql.createPool({ ...common, connectionLimit: BESIDE_CONNECTIONS });
  initialize(orders, [READ_COMMITTED, SESSION, WITHOUT_BEGIN]);
  initialize(beside, [READ_COMMITTED, SESSION]);
  return {
    async transact(work) {
      for (let run = 1; ; run += 1) {
        try {
          return await runOnce(orders, work);
        } catch (error) {
          const again = isConflict(error) || error instanceof RunAgain;
          if (isOutage(error) || (again && run === MAX_RUNS)) {
            throw new Outage("the database could not place the order", { cause: error });
          }
          if (!again) throw error;
        }
        await pause(FIRST_PAUSE_MS * 2 ** (run - 1) * (0.5 + Math.random()));
      }
    },
    query: (sql, parameters) =>
      new Promise((resolve, reject) => {
        beside.query<RowDataPacket[]>(formatSql(sql, parameters), (error, rows) =>
          error ? reject(error) : resolve(rows as never),
        );
      }),
    async close() {
      await Promise.all([orders.promise().end(), beside.promise().end()]);
    },
  };
}

/** Runs statements first on each new connection: the driver sends queries in order. */
function initialize(pool: Pool, statements: string[]): void {
  pool.on("connection", (connection) => {
    for (const sql of statements) {
      connection.query(sql, (error) => {
        if (error) connection.destroy();
      });
    }
  });
}

async function runOnce<T>(pool: Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const connection = await take(pool);
  try {
    const result = await work(transactionOn(connection));
    await end(connection, "commit");
    connection.release();
    return result;
  } catch (error) {
    await end(connection, "rollback").then(
      () => connection.release(),
      () => connection.destroy(),
    );
    throw error;
  }
}

// Callbacks of the driver are used, because its promise API creates an Error with a stack for each
// statement.

function take(pool: Pool): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)));
  });
}

function end(connection: PoolConnection, sql: "commit" | "rollback"): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.query(sql, (error) => (error ? reject(error) : resolve()));
  });
}

function transactionOn(connection: PoolConnection): Transaction {
  const execute = <R>(sql: string, parameters: readonly Parameter[]): Promise<R> =>
    new Promise((resolve, reject) => {
      connection.execute(sql, parameters as Parameter[], (error, result) =>
        error ? reject(error) : resolve(result as R),
      );
    });
  return {
    select: (sql, parameters) => execute(sql, parameters),
    change: async (sql, parameters) =>
      (await execute<ResultSetHeader>(sql, parameters)).affectedRows,
  };
}
