import type { Pool, PoolConnection, PoolOptions, ResultSetHeader } from "mysql2";
import mysql from "mysql2";

/** The result of one statement. */
export type Answer = { rows: unknown[]; affectedRows: number };

/** One connection, reserved for the caller until it is released or destroyed. */
export type Connection = {
  /**
   * Runs statements in one round trip and returns the result of the last one. If the server refuses
   * one, the later ones do not run, and the error has its index as `refusedAt`.
   */
  run(...statements: string[]): Promise<Answer>;
  release(): void;
  /** Ends the session, its transaction and its locks. */
  destroy(): void;
};

export type Connections = {
  /** Waits for a free connection. */
  take(): Promise<Connection>;
  close(): Promise<void>;
};

/**
 * A pool of connections whose sessions begin with the statements `session`. It uses the driver
 * directly, with callbacks and without stack traces for each call: an order needs 18 statements,
 * and what the layers around each would cost is more than most of them take on the server.
 */
export function openConnections(
  options: PoolOptions,
  session: readonly string[],
): Connections & { pool: Pool } {
  const pool = mysql.createPool({
    ...options,
    trace: false,
    // Deferred statements travel together. Values from outside are escaped literals (sql.ts).
    multipleStatements: true,
    // The values are filled in already; the driver must not look for placeholders in them.
    queryFormat: (sql: string) => sql,
  });
  pool.on("connection", (connection) => {
    // The driver sends queries of a connection in order, so these come first.
    for (const sql of session) {
      connection.query(sql, (error) => {
        if (error) connection.destroy();
      });
    }
  });
  return {
    pool,
    take: () =>
      new Promise((resolve, reject) => {
        pool.getConnection((error, connection) =>
          error ? reject(error) : resolve(connectionOf(connection)),
        );
      }),
    close: () => new Promise((resolve, reject) => pool.end((e) => (e ? reject(e) : resolve()))),
  };
}

function connectionOf(connection: PoolConnection): Connection {
  return {
    run: (...statements) =>
      new Promise((resolve, reject) => {
        const end = statements.length - 1;
        let done = 0;
        const query = connection.query(statements.join(";\n"), undefined, (error, result) => {
          if (error) return reject(Object.assign(error, { refusedAt: Math.min(done, end) }));
          const last = end > 0 ? (result as unknown[]).at(-1) : result;
          resolve(answerOf(last as unknown[] | ResultSetHeader));
        });
        // Emitted for each statement that succeeded, including those without rows.
        if (end > 0) query.on("fields", () => (done += 1));
      }),
    release: () => connection.release(),
    destroy: () => connection.destroy(),
  };
}

function answerOf(result: unknown[] | ResultSetHeader): Answer {
  if (Array.isArray(result)) return { rows: result, affectedRows: 0 };
  return { rows: [], affectedRows: result.affectedRows };
}
