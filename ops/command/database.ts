import { type Connection, createConnection } from "mysql2/promise";
import { SESSION_STATEMENTS } from "#platform/db/sessions.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { CommandError, messageOf } from "./command.ts";

const CONNECT_TIMEOUT_MS = 5_000;

/** How a command connects to MySQL: times in UTC, and no longer wait than a person accepts. */
export function connectionOptions(url: string) {
  return { uri: url, connectTimeout: CONNECT_TIMEOUT_MS, timezone: "Z", charset: "utf8mb4" };
}

/**
 * Connects to MySQL; identifiers are read as text. Throws a CommandError where the database does
 * not answer.
 */
export async function connectDatabase(url: string): Promise<Connection> {
  try {
    const connection = await createConnection({
      ...connectionOptions(url),
      supportBigNumbers: true,
      bigNumberStrings: true,
    });
    for (const sql of SESSION_STATEMENTS) await connection.query(sql);
    return connection;
  } catch (error) {
    throw new CommandError(
      `the database does not answer (${messageOf(error)}); start the shop with npm start, ` +
        "or set SHOP_MYSQL_URL",
      { cause: error },
    );
  }
}

/** The schema of each service. */
export function schemasOf(namespace: string): Record<ServiceName, string> {
  return Object.fromEntries(
    SERVICES.map((service) => [service, `${namespace}_${service}`]),
  ) as Record<ServiceName, string>;
}

/**
 * Does the work on a connection that sees all schemas as of one moment and cannot write; see
 * connectDatabase for its faults.
 */
export async function withSnapshot<T>(
  url: string,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connectDatabase(url);
  try {
    await connection.query("set session transaction isolation level repeatable read");
    await connection.query("start transaction with consistent snapshot, read only");
    return await work(connection);
  } finally {
    await connection.end();
  }
}
