import type { Pool, PoolConnection, PoolOptions, ResultSetHeader } from "mysql2";
import mysql from "mysql2";

/** The server's answer to one statement. */
export type Answer = { rows: unknown[]; affectedRows: number };

/** One connection, by itself until it is released or destroyed. */
export type Connection = {
  /**
   * One round trip. Of several statements the last one's answer; where the server refuses one, none after it is run, and
   * the error has its place in this call as `refusedAt`.
   */
  run(...statements: string[]): Promise<Answer>;
  release(): void;
  /** Ends the session, and with it whatever it holds. */
  destroy(): void;
};

export type Connections = {
  take(): Promise<Connection>;
  close(): Promise<void>;
};

/**
 * A pool whose sessions begin with these statements. It is the driver's own, without the ORM, and with callbacks
 * instead of promises: an order alone needs 18 statements, and layers between, and a stack that is made for each, cost
 * more time than most of them take at the server.
 */
export function openConnections(
  options: PoolOptions,
  session: readonly string[],
): Connections & { pool: Pool } {
  const pool = mysql.createPool({
    ...options,
    trace: false,
    // What is written goes together. No text of a statement comes from outside but as a literal (sql.ts).
    multipleStatements: true,
    // What comes is filled in already: left to itself the driver looks for question marks in it.
    queryFormat: (sql: string) => sql,
  });
  pool.on("connection", (connection) => {
    // The driver sends what is asked of a connection in order: these come before anything of ours.
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
        let place = 0;
        const query = connection.query(statements.join(";\n"), undefined, (error, result) => {
          if (error) return reject(Object.assign(error, { refusedAt: Math.min(place, end) }));
          const last = end > 0 ? (result as unknown[]).at(-1) : result;
          resolve(answerOf(last as unknown[] | ResultSetHeader));
        });
        // The driver emits it for each statement that succeeded, also for one that answers no rows.
        if (end > 0) query.on("fields", () => (place += 1));
      }),
    release: () => connection.release(),
    destroy: () => connection.destroy(),
  };
}

function answerOf(result: unknown[] | ResultSetHeader): Answer {
  if (Array.isArray(result)) return { rows: result, affectedRows: 0 };
  return { rows: [], affectedRows: result.affectedRows };
}
