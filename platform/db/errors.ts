// MySQL and MariaDB disagree about names; the numbers are the same but for CHECK (3819 and 4025).
const DEADLOCK = 1213;
const LOCK_WAIT_TIMEOUT = 1205;
const SNAPSHOT_CONFLICT = 1020;
const DUPLICATE_KEY = 1062;

/** A unique key was taken, and still was after the transaction had been run again. */
export class DuplicateKey extends Error {}

/** The server's error number, undefined for errors of the connection and of our own code. */
export function errorNumber(error: unknown): number | undefined {
  const number = (error as { errno?: unknown } | undefined)?.errno;
  return typeof number === "number" && number > 0 ? number : undefined;
}

export function isDuplicateKey(error: unknown): boolean {
  return errorNumber(error) === DUPLICATE_KEY;
}

/** True where the database undid the transaction, or must be told to, and running it again may succeed. */
export function isConflict(error: unknown): boolean {
  const number = errorNumber(error);
  return number === DEADLOCK || number === LOCK_WAIT_TIMEOUT || number === SNAPSHOT_CONFLICT;
}

const OUTAGES = new Set([
  // Too many connections, or no thread for one; shutting down, killed.
  1040, 1041, 1053, 1077, 1078, 1079, 1129, 1135, 1203, 1226, 1317, 1927, 3169,
  // Read-only: the server, its storage engine, or a transaction of a replica.
  1036, 1290, 1792, 1836,
  // No room on the disk, or trouble with it.
  3, 1021, 1026, 1030, 1037, 1114,
  // Limits of time that the server sets.
  1969, 3024,
]);
// The driver gives these no code: they say that it sent nothing.
const UNSENT = /^(Queue limit reached|Can't (add new command when|write in) .*closed state)/;

/** True where the server or the way to it is in trouble, not the statement. */
export function isOutage(error: unknown): boolean {
  const number = errorNumber(error);
  if (number !== undefined) return OUTAGES.has(number);
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code !== "string") return isUnsent(error);
  return /^(E[A-Z]+|PROTOCOL_[A-Z_]+|POOL_[A-Z_]+|HANDSHAKE_[A-Z_]+)$/.test(code);
}

/** True where the driver did not send the statement: it has no effect. */
export function isUnsent(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return typeof code !== "string" && UNSENT.test(String(message));
}

/** Which of the statements that were sent together the server refused; undefined where it refused none. */
export function refusedAt(error: unknown): number | undefined {
  if (errorNumber(error) === undefined) return undefined;
  return (error as { refusedAt?: number }).refusedAt;
}

/** True where nobody answered for as long as somebody waited, be it to a statement or to a new connection. */
export function isTimeout(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === "ETIMEDOUT";
}
