import type { PoolOptions } from "mysql2";

export const CONNECT_TIMEOUT_MS = 5_000;
/** Calls that may wait for a connection. More are refused at once. */
const MAX_POOL_QUEUE = 1_000;
/** Shorter than the rpc deadline, so that a caller gets an error and not its own timeout. */
const LOCK_WAIT_SECONDS = 5;
/** After this, the server ends a session whose process disappeared, and releases its locks. */
const IDLE_SECONDS = 600;
const IDLE_IN_TRANSACTION_SECONDS = 30;

const SQL_MODE = "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

/**
 * The first statements of every connection. Only MariaDB reads the part in the comment. Without
 * `in_predicate_conversion_threshold = 0` it turns `in` lists of 1,000 entries and more into joins,
 * which do not lock rows in key order.
 */
export const SESSION_STATEMENTS = [
  "set session transaction isolation level read committed",
  `set session time_zone = '+00:00', innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS},
   wait_timeout = ${IDLE_SECONDS}, sql_mode = '${SQL_MODE}'
   /*M!100307 , in_predicate_conversion_threshold = 0,
     idle_transaction_timeout = ${IDLE_IN_TRANSACTION_SECONDS} */`,
];

/** Lets a transaction begin with its first statement, which saves a round trip. */
export const WITHOUT_BEGIN = "set session autocommit = 0";

/** Driver options for every connection of the service. */
export const DRIVER_OPTIONS = {
  flags: ["-LOCAL_FILES"],
  charset: "utf8mb4",
  connectTimeout: CONNECT_TIMEOUT_MS,
  queueLimit: MAX_POOL_QUEUE,
  enableKeepAlive: true,
  keepAliveInitialDelay: 10_000,
  typeCast,
} satisfies PoolOptions;

type Field = { type: string; string(): string | null };

/** BIGINT as bigint, DATETIME and TIMESTAMP as Date in UTC, everything else as the driver does. */
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
