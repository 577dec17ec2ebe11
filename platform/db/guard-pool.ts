import type { Pool } from "mysql2";

/** What the driver gives for each connection of a pool; its stream is not among its types. */
type Guarded = {
  stream: { destroy(error: Error): void };
  on(event: "error", listener: () => void): void;
  query(sql: unknown, values: unknown, callback: Callback): unknown;
};
type Callback = (error: (Error & { fatal?: boolean }) | null, ...results: unknown[]) => void;

// A connection on which this fails belongs to nobody: who asked for it has none to give back.
const OPENS = /^set session\b/;

/**
 * Ends every connection of the pool that does not answer a statement in time: a server that was stopped or went away
 * without a word would be waited for without end, by a caller, a consumer or a relay. The driver's own limit leaves the
 * connection in the pool, one answer behind.
 */
export function guardPool(pool: Pool, limitMs: number): void {
  const known = new WeakSet<object>();
  // With each that is handed out, not with each that is made: the pool may have some already.
  pool.on("acquire", (connection) => {
    if (known.has(connection)) return;
    known.add(connection);
    guard(connection as unknown as Guarded, limitMs);
  });
}

function guard(connection: Guarded, limitMs: number): void {
  const query = connection.query.bind(connection);
  // The pool listens for the first error alone; a second one would end the process.
  connection.on("error", () => {});
  connection.query = (sql, values, callback) => {
    const timer = setTimeout(() => connection.stream.destroy(silence(limitMs)), limitMs);
    return query(sql, values, (error, ...results) => {
      clearTimeout(timer);
      if (error && !error.fatal && OPENS.test(String(sql))) connection.stream.destroy(error);
      callback(error, ...results);
    });
  };
}

/** Like what the driver says of a connection that cannot be made in time. */
function silence(limitMs: number): Error {
  return Object.assign(new Error(`no answer to a statement in ${limitMs} ms`), {
    code: "ETIMEDOUT",
  });
}
