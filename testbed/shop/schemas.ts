import { createPool, type Pool } from "mysql2/promise";
import { SESSION_STATEMENTS } from "#platform/db/sessions.ts";
import type { ServiceName } from "#proto/services.ts";

/** A statement of a test waits for what the shop has locked, also while a service is frozen. */
const PATIENT = "set session innodb_lock_wait_timeout = 50";

export type Row = Record<string, bigint | number | string | Date | Buffer | null>;

export type Schemas = {
  sql: <T = Row>(service: ServiceName, statement: string, parameters?: unknown[]) => Promise<T[]>;
  /** Drops all schemas of the namespace. */
  drop(): Promise<void>;
  close(): Promise<void>;
};

/**
 * Opens the schemas `<namespace>_*` for direct access: to inspect rows, and to make states that no
 * call makes. They are on the suite's server unless `uri` names another.
 */
export function openSchemas(namespace: string, uri = process.env.SHOP_MYSQL_URL): Schemas {
  if (uri === undefined)
    throw new Error("SHOP_MYSQL_URL is not set; read it in a hook or a test, after mocha's setup");
  const pools = new Map<string, Pool>();
  const poolOf = (database?: string) => {
    const key = database ?? "";
    const known = pools.get(key);
    if (known) return known;
    const pool = createPool({ uri, database, ...settings });
    pools.set(key, pool);
    // The driver sends queries of a connection in order, so these come first.
    pool.on("connection", (connection) => {
      for (const sql of [...SESSION_STATEMENTS, PATIENT]) void connection.query(sql);
    });
    return pool;
  };
  return {
    async sql<T>(service: ServiceName, statement: string, parameters: unknown[] = []) {
      const [rows] = await poolOf(`${namespace}_${service}`).query(statement, parameters);
      return (Array.isArray(rows) ? rows : []) as T[];
    },
    async drop() {
      const [rows] = await poolOf().query(
        "select schema_name as name from information_schema.schemata where schema_name like ?",
        [`${namespace}\\_%`],
      );
      for (const { name } of rows as { name: string }[]) {
        await poolOf().query(`drop database \`${name}\``);
      }
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.end()));
    },
  };
}

const settings = {
  connectionLimit: 4,
  timezone: "Z",
  charset: "utf8mb4",
  typeCast: (field: { type: string; string(): string | null }, next: () => unknown) => {
    if (field.type !== "LONGLONG") return next();
    const text = field.string();
    return text === null ? null : BigInt(text);
  },
};
