import type { PoolOptions } from "mysql2";
import { errorNumber } from "./errors.ts";

const CONNECT_TIMEOUT_MS = 5_000;
/** Calls that may wait for a connection. More are refused at once. */
const MAX_POOL_QUEUE = 1_000;
/** Shorter than the rpc deadline, so that a caller gets an error and not its own timeout. */
const LOCK_WAIT_SECONDS = 5;
/** After this, the server ends a session whose process disappeared, and releases its locks. */
const IDLE_SECONDS = 600;
const IDLE_IN_TRANSACTION_SECONDS = 30;

const SQL_MODE = "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

/**
 * Waiting for the lock of a table that is altered. Longer than the time limit of a statement, so
 * that it only ends what a lost process left waiting.
 */
const TABLE_LOCK_WAIT_SECONDS = 60;

/**
 * What statements depend on and a server may set otherwise, by `init_connect` or by its defaults.
 * `read` is what the variable must be afterwards, where that differs from what is set.
 */
const PINNED: Record<string, { set: string; read?: string }> = {
  time_zone: { set: "'+00:00'", read: "+00:00" },
  sql_mode: { set: `'${SQL_MODE}'`, read: SQL_MODE },
  autocommit: { set: "1" },
  innodb_lock_wait_timeout: { set: String(LOCK_WAIT_SECONDS) },
  lock_wait_timeout: { set: String(TABLE_LOCK_WAIT_SECONDS) },
  wait_timeout: { set: String(IDLE_SECONDS) },
  completion_type: { set: "'NO_CHAIN'", read: "NO_CHAIN" },
  // Keys, constraints and whole results.
  foreign_key_checks: { set: "1" },
  unique_checks: { set: "1" },
  sql_safe_updates: { set: "0" },
  sql_select_limit: { set: "18446744073709551615" },
  sql_big_selects: { set: "1" },
  group_concat_max_len: { set: "1048576" },
  // The results of expressions.
  sql_auto_is_null: { set: "0" },
  div_precision_increment: { set: "4" },
  lc_time_names: { set: "'en_US'", read: "en_US" },
  default_week_format: { set: "0" },
};
/** The same for variables that only MySQL or only MariaDB has. */
const PINNED_BY_MYSQL: typeof PINNED = { max_execution_time: { set: "0" } };
const PINNED_BY_MARIADB: typeof PINNED = {
  max_statement_time: { set: "0" },
  check_constraint_checks: { set: "1" },
  idle_transaction_timeout: { set: String(IDLE_IN_TRANSACTION_SECONDS) },
  // Otherwise `in` lists of 1,000 entries become joins, which do not lock rows in key order.
  in_predicate_conversion_threshold: { set: "0" },
};
/** Since MariaDB 11.4. At READ COMMITTED it only adds conflicts, which would run again. */
const PINNED_BY_MARIADB_11: typeof PINNED = { innodb_snapshot_isolation: { set: "0" } };

const CHARACTER_SET = "utf8mb4";
const COLLATION = "utf8mb4_bin";
/** A statement has up to 1,000,000 characters of up to 4 bytes. */
const MIN_PACKET_BYTES = 4_194_304;

const assignments = (pinned: Record<string, { set: string }>) =>
  Object.entries(pinned).map(([name, { set }]) => `${name} = ${set}`);

/**
 * The first statements of every connection, of services and of commands. They make a session
 * independent of the server's configuration. Each server skips the comment of the other.
 */
export const SESSION_STATEMENTS = [
  `set names ${CHARACTER_SET} collate ${COLLATION}`,
  "set session transaction isolation level read committed, read write",
  `set session ${assignments(PINNED).join(", ")}
   /*!80000 , ${assignments(PINNED_BY_MYSQL).join(", ")} */
   /*M!100307 , ${assignments(PINNED_BY_MARIADB).join(", ")} */
   /*M!110402 , ${assignments(PINNED_BY_MARIADB_11).join(", ")} */`,
];

/** A server on which the shop's statements would not do what they say. Waiting does not help. */
export class UnfitServer extends Error {}

/** Runs a statement and returns its rows. */
type Query = (sql: string) => Promise<Record<string, unknown>[]>;

/**
 * Runs SESSION_STATEMENTS and reads back what they set. Throws an UnfitServer that names variable,
 * value and remedy if the server does not keep it, or if a limit of the server is too low. Returns
 * what an operator should know of a server that can be used.
 */
export async function pinSession(query: Query): Promise<string[]> {
  for (const sql of SESSION_STATEMENTS) {
    await query(sql).catch((error: unknown) => {
      if (!UNSETTABLE.has(errorNumber(error) ?? 0)) throw error;
      const { message } = error as Error;
      throw new UnfitServer(
        `the database does not let its session be set up (${message}); allow it to this user, or ` +
          "use MySQL 8.4 or later or MariaDB 10.6 or later",
        { cause: error },
      );
    });
  }
  const variables = await query("show session variables");
  const values = new Map(variables.map((row) => [String(row.Variable_name), String(row.Value)]));
  const fault = faultOf(values);
  if (fault) throw new UnfitServer(fault);
  return warningsOf(values);
}

/** What a server that can be used may cost, with the remedy. */
export function warningsOf(variables: ReadonlyMap<string, string>): string[] {
  const name = "innodb_flush_log_at_trx_commit";
  const value = variables.get(name);
  if (value === undefined || value === "1") return [];
  return [`the database has ${name} = ${value}: a crash loses what was acknowledged; set it to 1`];
}

/** Unknown variable, a privilege is missing, global or read-only variable, wrong value. */
const UNSETTABLE = new Set([1193, 1227, 1229, 1231, 1238]);

/** The first variable with a value that the shop cannot work with, and the remedy. */
export function faultOf(variables: ReadonlyMap<string, string>): string | undefined {
  const names = ["character_set_client", "character_set_connection", "character_set_results"];
  const wanted: [string, string][] = [
    ...names.map((name): [string, string] => [name, CHARACTER_SET]),
    ["collation_connection", COLLATION],
    ...Object.entries({ ...PINNED, ...PINNED_BY_MYSQL, ...PINNED_BY_MARIADB }).map(
      ([name, { set, read = set }]): [string, string] => [name, read],
    ),
  ];
  for (const [name, value] of wanted) {
    const found = variables.get(name);
    // Only one of the two servers has some of the variables.
    if (found === undefined || comparable(found) === comparable(value)) continue;
    return `the database has ${name} = ${found} and does not let a session change it to ${value}; allow the change, or set it for the whole server`;
  }
  const isolation = variables.get("transaction_isolation") ?? variables.get("tx_isolation");
  if (isolation !== undefined && isolation !== "READ-COMMITTED") {
    return `the database has transaction_isolation = ${isolation} and does not let a session change it to READ-COMMITTED`;
  }
  const packetBytes = Number(variables.get("max_allowed_packet") ?? MIN_PACKET_BYTES);
  if (packetBytes < MIN_PACKET_BYTES) {
    return `the database has max_allowed_packet = ${packetBytes}; set it to at least ${MIN_PACKET_BYTES}`;
  }
  if (variables.get("log_bin") === "ON" && variables.get("binlog_format") === "STATEMENT") {
    return "the database has binlog_format = STATEMENT, which refuses writes at READ COMMITTED; set it to ROW";
  }
  return undefined;
}

/** The value without what servers write differently: ON for 1, 0.000000 for 0, modes in any order. */
function comparable(value: string): string {
  const text = value.toUpperCase();
  if (text === "ON" || text === "OFF") return text === "ON" ? "1" : "0";
  if (/^\d+\.0+$/.test(text)) return text.slice(0, text.indexOf("."));
  return text.split(",").sort().join(",");
}

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
