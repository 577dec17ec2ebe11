import { setTimeout as pause } from "node:timers/promises";
import type { MikroORM } from "@mikro-orm/mysql";
import mysql, { type RowDataPacket } from "mysql2/promise";
import type { Log } from "../telemetry/log.ts";
import { unlessAborted } from "../values/unless-aborted.ts";
import { errorNumber, isConflict, isOutage } from "./errors.ts";
import { DRIVER_OPTIONS, pinSession, UnfitServer } from "./sessions.ts";

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2_000;
/** How long one question for the lock waits at the server. */
const LOCK_SECONDS = 1;
/** The session holds the lock, idle, while migrations run on other connections. */
const LOCK_SESSION_SECONDS = 86_400;
const TABLE_MISSING = 1146;
/** Access to a schema, a command, a table or the server is denied. */
const DENIED = new Set([1044, 1142, 1143, 1227, 1370]);

type Parts = {
  orm: MikroORM;
  url: string;
  schema: string;
  /** The names of all migrations, in order. */
  names: readonly string[];
  log: Log;
  stopping: AbortSignal;
};

/**
 * Waits until the server is usable, creates the schema if it is missing and applies the migrations
 * that it lacks. A user who may only read and write rows is enough if neither is needed. A named
 * lock on the server lets replicas start at the same time: the first one migrates, the others wait
 * for it and find nothing left to do.
 *
 * Rejects when `stopping` aborts; a migration that is running is finished first. Throws an
 * UnfitServer if a right is missing or the server cannot be set up as the shop needs it.
 */
export async function migrate(parts: Parts): Promise<void> {
  const { log, stopping } = parts;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    stopping.throwIfAborted();
    try {
      await migrateOnce(parts);
      return;
    } catch (error) {
      stopping.throwIfAborted();
      if (!isOutage(error) && !isConflict(error)) throw error;
      log.warn({ err: error }, "the database is unreachable, retrying");
    }
    await pause(pauseMs, undefined, { signal: stopping });
  }
}

async function migrateOnce(parts: Parts): Promise<void> {
  const { url, schema, log, stopping } = parts;
  const connecting = mysql.createConnection({ ...DRIVER_OPTIONS, uri: url, timezone: "Z" });
  const connection = await unlessAborted(connecting, stopping);
  // A lost connection fails the statement in progress; the event would end the process.
  connection.on("error", () => {});
  const query = async (sql: string, values?: unknown[]) => {
    const [rows] = await unlessAborted(connection.query<RowDataPacket[]>(sql, values), stopping);
    return rows;
  };
  try {
    for (const warning of await pinSession(query)) log.warn(warning);
    await query(`set session wait_timeout = ${LOCK_SESSION_SECONDS}`);
    await lock(`${schema}.migrate`, query, parts);
    await createSchema(schema, query);
    for (const name of await pendingOf(parts, query)) {
      stopping.throwIfAborted();
      await apply(parts, name);
    }
  } finally {
    // Ends the session and with it the lock.
    connection.destroy();
  }
}

type Query = (sql: string, values?: unknown[]) => Promise<RowDataPacket[]>;

/** Waits for the lock as long as another session holds it. */
async function lock(name: string, query: Query, { log, stopping }: Parts): Promise<void> {
  for (let logged = false; ; logged = true) {
    const [row] = await query("select get_lock(?, ?) as locked", [name, LOCK_SECONDS]);
    if (Number(row?.locked) === 1) return;
    if (!logged) log.warn({ lock: name }, "another replica migrates the schema, waiting for it");
    // The server answers null at once for an error.
    if (row?.locked === null) await pause(LOCK_SECONDS * 1_000, undefined, { signal: stopping });
  }
}

async function createSchema(schema: string, query: Query): Promise<void> {
  const sql = "select 1 from information_schema.schemata where schema_name = ?";
  if ((await query(sql, [schema])).length > 0) return;
  const create = `create database if not exists ${mysql.escapeId(schema)}
    character set utf8mb4 collate utf8mb4_bin`;
  await query(create).catch((error: unknown) => {
    throw withRemedy(error, `the schema ${schema} does not exist, and this user may not create it`);
  });
}

/** The names of the migrations that the schema lacks, in order. */
async function pendingOf({ schema, names }: Parts, query: Query): Promise<string[]> {
  const sql = `select name from ${mysql.escapeId(schema)}.schema_migrations`;
  const rows = await query(sql).catch((error: unknown) => {
    if (errorNumber(error) === TABLE_MISSING) return [];
    throw error;
  });
  const applied = new Set(rows.map(({ name }) => String(name)));
  return names.filter((name) => !applied.has(name));
}

async function apply({ orm, schema, log }: Parts, name: string): Promise<void> {
  try {
    await orm.migrator.up({ migrations: [name] });
    log.info({ schema, migration: name }, "migration applied");
  } catch (error) {
    throw withRemedy(error, `the migration ${name} of ${schema} is not applied`);
  }
}

/** An error of missing rights as one that says what was attempted and what to grant. */
function withRemedy(error: unknown, what: string): unknown {
  if (!DENIED.has(errorNumber(error) ?? 0)) return error;
  const rights = "CREATE, ALTER, DROP, INDEX and REFERENCES";
  const { message } = error as Error;
  return new UnfitServer(
    `${what} (${message}); grant ${rights} on the schema for the time of the migration`,
    { cause: error },
  );
}
