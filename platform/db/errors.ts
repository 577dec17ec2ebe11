// Errors of the server and of the driver, by what they mean for the caller. MySQL and MariaDB name
// some errors differently, but number them alike, except a violated CHECK (3819 and 4025).

const DEADLOCK = 1213;
const LOCK_WAIT_TIMEOUT = 1205;
const SNAPSHOT_CONFLICT = 1020;
const DUPLICATE_KEY = 1062;

const OUTAGES = new Set([
  // Too many connections or no thread for one; shutting down; killed.
  1040, 1041, 1053, 1077, 1078, 1079, 1129, 1135, 1203, 1226, 1317, 1927, 3169,
  // Read-only: the server, its storage engine, or a transaction of a replica.
  1036, 1290, 1792, 1836,
  // The disk is full or fails.
  3, 1021, 1026, 1030, 1037, 1114,
  // Time limits of the server.
  1969, 3024,
]);
/** Messages of driver errors that have no code. The driver has sent nothing. */
const UNSENT = /^(Queue limit reached|Can't (add new command when|write in) .*closed state)/;
/** Codes of driver errors that mean that the connection is lost or was never made. */
const LOST = /^(E[A-Z]+|PROTOCOL_[A-Z_]+|POOL_[A-Z_]+|HANDSHAKE_[A-Z_]+)$/;

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

/** Whether the server or the connection to it failed, and not the statement. */
export function isOutage(error: unknown): boolean {
  const number = errorNumber(error);
  if (number !== undefined) return OUTAGES.has(number);
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? LOST.test(code) : isUnsent(error);
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
