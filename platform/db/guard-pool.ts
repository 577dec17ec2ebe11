import type { Pool } from "mysql2";
import { isOutage } from "./errors.ts";

/** A connection of the pool, with the parts that the driver does not type. */
type Guarded = {
  stream: { destroy(error: Error): void };
  on(event: "error", listener: () => void): void;
  query(sql: unknown, values: unknown, callback: Callback): unknown;
};
type Callback = (error: (Error & { fatal?: boolean }) | null, ...results: unknown[]) => void;

/**
 * The statements that open a session. If one fails, no caller has the connection and returns it.
 */
const OPENS_SESSION = /^set (session|names)\b/;

/**
 * Closes every connection of the pool whose statement gets no answer within `limitMs`, or an answer
 * that means an outage: a session keeps the grants, the role and the server that it began with, so
 * a new one is needed after them. Without the limit,
 * a server that is frozen or vanished from the network would block callers for ever. The driver's
 * own time limit does not help: it leaves the connection in the pool, one answer behind.
 */
export function guardPool(pool: Pool, limitMs: number): void {
  const known = new WeakSet<object>();
  // On "acquire" and not on "connection", because the pool may have open connections already.
  pool.on("acquire", (connection) => {
    if (known.has(connection)) return;
    known.add(connection);
    guard(connection as unknown as Guarded, limitMs);
  });
}

function guard(connection: Guarded, limitMs: number): void {
  const query = connection.query.bind(connection);
  // The pool listens to the first error only. A second one without a listener ends the process.
  connection.on("error", () => {});
  connection.query = (sql, values, callback) => {
    const timer = setTimeout(() => connection.stream.destroy(timeout(limitMs)), limitMs);
    return query(sql, values, (error, ...results) => {
      clearTimeout(timer);
      if (error && !error.fatal && (OPENS_SESSION.test(String(sql)) || isOutage(error))) {
        connection.stream.destroy(error);
      }
      callback(error, ...results);
    });
  };
}

/** With the code that the driver uses if a connection cannot be opened in time. */
function timeout(limitMs: number): Error {
  return Object.assign(new Error(`no answer to a statement within ${limitMs} ms`), {
    code: "ETIMEDOUT",
  });
}
