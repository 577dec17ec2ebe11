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

// Too many connections, shutting down, read-only, disk full, killed, no such host or schema yet.
const OUTAGES = new Set([
  1021, 1037, 1040, 1041, 1053, 1077, 1078, 1079, 1114, 1290, 1317, 1836, 1927, 3024, 3169,
]);

/** True where the server or the way to it is in trouble, not the statement. */
export function isOutage(error: unknown): boolean {
  const number = errorNumber(error);
  if (number !== undefined) return OUTAGES.has(number);
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code !== "string") return false;
  return (
    /^(E[A-Z]+|PROTOCOL_[A-Z_]+|POOL_[A-Z_]+|HANDSHAKE_[A-Z_]+)$/.test(code) ||
    (error as Error).message === "Queue limit reached."
  );
}
