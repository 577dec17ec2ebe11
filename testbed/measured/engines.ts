import { rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { createConnection } from "mysql2/promise";
import type { Engines } from "../../bench/target.ts";
import { BenchTrouble } from "../../bench/trouble.ts";
import { type BringUpOptions, bringUpEngine, type Engine } from "../../local/engines/bring-up.ts";
import { chooseLocalSource } from "../../local/engines/choice.ts";
import { freePorts } from "../../local/engines/ports.ts";
import { type Owners, sweep, temporaryDirectory } from "../shop/infrastructure.ts";

/** The engines of a run: always our own, since what they cost has to be counted for them alone. */
export type OwnEngines = Engines & {
  /** "MariaDB 10.11.6 on 127.0.0.1:40001". */
  descriptions: { database: string; broker: string };
  stop(): Promise<void>;
};

const OWNERS: Owners = { prefix: "jetshop-bench-", programs: /mocha|bench/ };
const packagesDir = fileURLToPath(new URL("../../.shop/packages", import.meta.url));
/** Linux, statfs(2): a file system in memory. */
const TMPFS = 0x01021994;

/** Starts a database and a broker on free ports, with their data in a directory that goes away at the end. */
export async function startEngines(tell: (line: string) => void): Promise<OwnEngines> {
  if (process.platform !== "linux") {
    throw new BenchTrouble("what a process costs is read from /proc: the bench runs on Linux only");
  }
  if (statfsSync(tmpdir()).type === TMPFS) {
    throw new BenchTrouble(
      `${tmpdir()} is in memory, where flushing costs nothing: set TMPDIR to a directory on a disk`,
    );
  }
  await sweep(OWNERS);
  const directory = temporaryDirectory(OWNERS);
  const started: Engine[] = [];
  const stop = async () => {
    for (const engine of started.reverse()) await engine.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const [mysqlPort = 0, natsPort = 0] = await freePorts(2);
    const common = { dataDir: directory, mysqlPort, natsPort, log: tell, env: withoutGiven() };
    const database = await startEngine("mysql", common);
    started.push(database);
    const broker = await startEngine("nats", common);
    started.push(broker);
    await assertDurable(database.url);
    return {
      mysqlUrl: database.url,
      natsUrl: broker.url,
      mysqlPid: pidOf(database),
      natsPid: pidOf(broker),
      descriptions: { database: database.description, broker: broker.description },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startEngine(part: "mysql" | "nats", options: BringUpOptions): Promise<Engine> {
  const { env = process.env, log } = options;
  const source = await chooseLocalSource(part, { env, packagesDir, log });
  return bringUpEngine(part, { ...options, source });
}

function withoutGiven(): NodeJS.ProcessEnv {
  return { ...process.env, SHOP_MYSQL_URL: "", SHOP_NATS_URL: "" };
}

function pidOf({ server }: Engine): number {
  const pid = server?.pid();
  if (pid === undefined) throw new BenchTrouble("a server of our own has no process");
  return pid;
}

/** A rate without a flush for each commit would be another system's. */
async function assertDurable(url: string): Promise<void> {
  const connection = await createConnection({ uri: url });
  try {
    const [rows] = await connection.query("select @@innodb_flush_log_at_trx_commit as flush");
    const [row] = rows as { flush: number }[];
    if (Number(row?.flush) !== 1) {
      throw new BenchTrouble(
        `the database has innodb_flush_log_at_trx_commit = ${row?.flush}, and only 1 is measured`,
      );
    }
  } finally {
    await connection.end();
  }
}
