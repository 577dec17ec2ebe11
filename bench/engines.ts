import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { createConnection } from "mysql2/promise";
import type { DirectoryKind } from "../testbed/engines/directories.ts";
import { type OwnEngines, startOwnEngines } from "../testbed/engines/engines.ts";
import { BenchError } from "./bench-error.ts";

/** Where a run keeps its files. */
export const DIRECTORIES: DirectoryKind = { prefix: "jetshop-bench-", programs: /mocha|bench/ };
/** The type of a file system in memory (Linux, statfs(2)). */
const TMPFS = 0x01021994;

/**
 * Starts the database and the broker of a run. Throws a BenchError where figures would mean
 * nothing: without /proc, with files in memory, or with a database that does not flush each commit.
 */
export async function startEngines(log: (line: string) => void): Promise<OwnEngines> {
  if (process.platform !== "linux") {
    throw new BenchError("the bench runs on Linux only: it reads the cost of a process from /proc");
  }
  if (statfsSync(tmpdir()).type === TMPFS) {
    throw new BenchError(
      `${tmpdir()} is in memory, where a flush costs nothing: set TMPDIR to a directory on a disk`,
    );
  }
  const engines = await startOwnEngines(DIRECTORIES, log);
  try {
    await assertDurable(engines.mysqlUrl);
  } catch (error) {
    await engines.stop();
    throw error;
  }
  return engines;
}

async function assertDurable(url: string): Promise<void> {
  const connection = await createConnection({ uri: url });
  try {
    const [rows] = await connection.query("select @@innodb_flush_log_at_trx_commit as flush");
    const [row] = rows as { flush: number }[];
    if (Number(row?.flush) !== 1) {
      throw new BenchError(
        `the database has innodb_flush_log_at_trx_commit = ${row?.flush}; only 1 is measured`,
      );
    }
  } finally {
    await connection.end();
  }
}
