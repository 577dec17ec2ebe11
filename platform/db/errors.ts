// Errors of the server and of the driver, by what they mean for the caller. MySQL and MariaDB name
// some errors differently, but number them alike, except a violated CHECK (3819 and 4025).

const DEADLOCK = 1213;
const LOCK_WAIT_TIMEOUT = 1205;
const SNAPSHOT_CONFLICT = 1020;
const DUPLICATE_KEY = 1062;

/**
 * The classes of SQLSTATE that blame the statement: cardinality, data, integrity, syntax, a feature
 * that the server lacks, SIGNAL.
 */
const FAULT_CLASSES = new Set(["07", "0A", "21", "22", "23", "24", "42", "44", "45"]);
/** Faults of the statement under a SQLSTATE that says nothing. */
const FAULTS = new Set([
  // Expressions, collations, unknown variables and functions.
  1093, 1193, 1210, 1221, 1267, 1270, 1271, 1300, 1411, 1525, 1568,
  // Data: no default, incorrect text, truncated, a packet too large, a violated CHECK.
  1153, 1265, 1364, 1366, 3105, 3819, 4025,
]);
/** Not the statement's fault, although the SQLSTATE says so. */
const OUTAGES = new Set([
  // Grants are missing: database, account, command, column, privilege, routine, host, proxy.
  1044, 1045, 1130, 1131, 1132, 1133, 1141, 1142, 1143, 1147, 1211, 1227, 1370, 1410, 1698,
  // A schema or a table is missing, or is being replaced.
  1008, 1046, 1049, 1051, 1109, 1146, 1932, 4092,
  // Limits of an account or of the server, and the engine of a table.
  1040, 1203, 1226, 1286, 1317,
]);
/** Messages of driver errors that have no code. The driver has sent nothing. */
const UNSENT = /^(Queue limit reached|Can't (add new command when|write in) .*closed state)/;
/**
 * Codes of driver errors that mean that the connection is lost or was never made: of the system,
 * the name resolver, the driver and TLS. Our own defects have other codes: ERR_ASSERTION.
 */
const LOST = [
  /^(?!ERR_)E[A-Z0-9_]+$/,
  /^(PROTOCOL|POOL|HANDSHAKE|AUTH|MALFORMED)_/,
  /^(CERT|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|HOSTNAME|ERR_(TLS|SSL|OSSL|SOCKET|STREAM))_/,
];

/** Characters of a statement that an error keeps. */
const MAX_SQL_LENGTH = 60;

/** A unique key is taken, and still was after the transaction had run again. */
export class DuplicateKey extends Error {}

/** The server's error number; undefined for errors of the connection and of our own code. */
export function errorNumber(error: unknown): number | undefined {
  const number = (error as { errno?: unknown } | undefined)?.errno;
  return typeof number === "number" && number > 0 ? number : undefined;
}

export function isDuplicateKey(error: unknown): boolean {
  return errorNumber(error) === DUPLICATE_KEY;
}

/** Whether concurrent transactions collided, so that running this one again may succeed. */
export function isConflict(error: unknown): boolean {
  const number = errorNumber(error);
  return number === DEADLOCK || number === LOCK_WAIT_TIMEOUT || number === SNAPSHOT_CONFLICT;
}

/**
 * Whether the server or the connection to it failed, and not the statement. What the server reports
 * is an outage unless it is known to be the statement's fault, so that maintenance of any kind
 * (accounts, grants, cutovers, limits, shutdowns) is waited for.
 */
export function isOutage(error: unknown): boolean {
  const number = errorNumber(error);
  if (number !== undefined) {
    if (isConflict(error)) return false;
    if (OUTAGES.has(number)) return true;
    const { sqlState } = error as { sqlState?: unknown };
    return !FAULTS.has(number) && !FAULT_CLASSES.has(String(sqlState).slice(0, 2));
  }
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? LOST.some((pattern) => pattern.test(code)) : isUnsent(error);
}

/** Whether the driver did not send the statement, so that it has no effect. */
export function isUnsent(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return typeof code !== "string" && UNSENT.test(String(message));
}

/** Whether a statement or a new connection got no answer within its time limit. */
export function isTimeout(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === "ETIMEDOUT";
}

/** The index of the statement that the server refused, of those sent together; else undefined. */
export function refusedAt(error: unknown): number | undefined {
  if (errorNumber(error) === undefined) return undefined;
  return (error as { refusedAt?: number }).refusedAt;
}

/**
 * Runs statements and shortens the SQL on their error to the beginning of the one that failed. The
 * driver puts there everything that was sent, which would bring personal data into the log.
 */
export async function withShortSql<T>(
  run: () => Promise<T>,
  statements: readonly string[],
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const sql = statements[refusedAt(error) ?? 0] ?? "";
    if (error instanceof Error && "sql" in error) error.sql = sql.slice(0, MAX_SQL_LENGTH);
    throw error;
  }
}
