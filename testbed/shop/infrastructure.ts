// Mocha's root fixture: the whole suite runs against the database and the broker that SHOP_MYSQL_URL
// and SHOP_NATS_URL name. What is not named is brought up here, on a free port and in a directory
// that goes away at the end. Tests read the two variables, in hooks and tests and not while their
// file is loaded.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bringUpEngine, type Engine } from "../../local/engines/bring-up.ts";
import { freePorts } from "../../local/engines/ports.ts";
import { endServersOf } from "../../local/engines/private-server.ts";
import { signal } from "../../local/engines/processes.ts";
import { commandLine } from "../../ops/command/running-shop.ts";
import { startMs, stopSharedShop } from "./shared-shop.ts";

/** Whose directories these are: how their names begin, and how the command line of the program that owns one looks. */
export type Owners = { prefix: string; programs: RegExp };
const TESTS: Owners = { prefix: "jetshop-test-", programs: /mocha|bench\// };
const ownerFile = "owner";

let engines: Engine[] = [];
let directory: string | undefined;

export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(startMs);
    await stopSharedShop();
  },
};

export function mochaGlobalSetup(): Promise<void> {
  return bringUpEngines((line) => console.log(line));
}

/** The same for a program that is no test; `tell` gets a line about each engine. mochaGlobalTeardown ends them. */
export async function bringUpEngines(tell: (line: string) => void): Promise<void> {
  await sweep();
  directory = temporaryDirectory();
  process.once("exit", clearAway);
  const [mysqlPort = 0, natsPort = 0] = await freePorts(2);
  const lines: string[] = [];
  const options = {
    dataDir: directory,
    mysqlPort,
    natsPort,
    throwAway: true,
    log: (line: string) => lines.push(line),
  };
  try {
    const database = await bringUpEngine("mysql", options);
    engines.push(database);
    const broker = await bringUpEngine("nats", options);
    engines.push(broker);
    process.env.SHOP_MYSQL_URL = database.url;
    process.env.SHOP_NATS_URL = broker.url;
    tell(`  database: ${database.description}\n  broker: ${broker.description}\n`);
  } catch (error) {
    console.error(lines.join("\n"));
    await mochaGlobalTeardown();
    throw error;
  }
}

export async function mochaGlobalTeardown(): Promise<void> {
  for (const engine of engines.reverse()) await engine.stop();
  engines = [];
  clearAway();
}

/** A directory that is known for this process's own, so that a later run can clear it away. */
export function temporaryDirectory({ prefix }: Owners = TESTS): string {
  const made = mkdtempSync(join(tmpdir(), prefix));
  writeFileSync(join(made, ownerFile), `${process.pid}\n`);
  return made;
}

/** The last resort, when mocha ends without its teardown: synchronous, and only what is ours. */
function clearAway(): void {
  for (const engine of engines) {
    const pid = engine.server?.pid();
    if (pid !== undefined) signal(pid, "SIGKILL");
  }
  engines = [];
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  directory = undefined;
}

/** Ends the servers and removes the directories of runs that were killed. */
export async function sweep(owners: Owners = TESTS): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((found) => found.startsWith(owners.prefix))) {
    const path = join(tmpdir(), name);
    if (statSync(path, { throwIfNoEntry: false })?.uid !== process.getuid?.()) continue;
    if (isOwned(path, owners)) continue;
    await endServersOf(
      ["mariadb", "mysql", "nats"].map((server) => join(path, server)),
      path,
    );
    rmSync(path, { recursive: true, force: true });
  }
}

function isOwned(path: string, { programs }: Owners): boolean {
  try {
    const pid = Number(readFileSync(join(path, ownerFile), "utf8"));
    return programs.test(commandLine(pid) ?? "");
  } catch {
    // One that is just being made has no owner for a moment.
    return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 10_000;
  }
}
