import { setTimeout as pause } from "node:timers/promises";
import type { MikroORM } from "@mikro-orm/mysql";
import mysql from "mysql2/promise";
import type { Log } from "../telemetry/log.ts";
import { isOutage } from "./errors.ts";
import { CONNECT_TIMEOUT_MS } from "./sessions.ts";

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2_000;

/**
 * Creates the schema if it is missing and applies the migrations that it lacks. Waits until the
 * server answers. A named lock on the server lets replicas start at the same time: the first one
 * migrates, the others find nothing left to do.
 */
export async function migrate(
  orm: MikroORM,
  settings: { url: string; schema: string },
  log: Log,
): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    try {
      await migrateOnce(orm, settings);
      return;
    } catch (error) {
      if (!isOutage(error)) throw error;
      log.warn({ err: error }, "the database is unreachable, retrying");
    }
    await pause(pauseMs);
  }
}

async function migrateOnce(
  orm: MikroORM,
  { url, schema }: { url: string; schema: string },
): Promise<void> {
  const connection = await mysql.createConnection({
    uri: url,
    connectTimeout: CONNECT_TIMEOUT_MS,
  });
  try {
    const name = mysql.escapeId(schema);
    await connection.query(
      `create database if not exists ${name} character set utf8mb4 collate utf8mb4_bin`,
    );
    await connection.query("select get_lock(?, 60)", [`${schema}.migrate`]);
    await orm.migrator.up();
  } finally {
    // Ends the session and with it the lock.
    connection.destroy();
  }
}
