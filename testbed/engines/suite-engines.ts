import { rmSync } from "node:fs";
import { bringUpEngine, type Engine } from "../../local/engines/bring-up.ts";
import { atExit, killAtExit } from "./at-exit.ts";
import { sweep, temporaryDirectory } from "./directories.ts";
import { freePorts } from "./ports.ts";

/**
 * Makes sure that SHOP_MYSQL_URL and SHOP_NATS_URL name a database and a broker. An engine that is
 * not named is brought up on a free port, with its data in a temporary directory, and named for
 * this process and its children. `log` gets one line for people. Resolves to what ends them.
 */
export async function startSuiteEngines(log: (line: string) => void): Promise<() => Promise<void>> {
  await sweep();
  const directory = temporaryDirectory();
  const removeDirectory = () => rmSync(directory, { recursive: true, force: true });
  const forget = [atExit(removeDirectory)];
  const engines: Engine[] = [];
  const stop = async () => {
    for (const engine of engines.splice(0).reverse()) await engine.stop();
    removeDirectory();
    for (const each of forget.splice(0)) each();
  };
  const [mysqlPort = 0, natsPort = 0] = await freePorts(2);
  const lines: string[] = [];
  const collect = (line: string) => lines.push(line);
  const options = { dataDir: directory, mysqlPort, natsPort, throwAway: true, log: collect };
  const start = async (part: "mysql" | "nats") => {
    const engine = await bringUpEngine(part, options);
    engines.push(engine);
    forget.push(killAtExit(() => engine.server?.pid()));
    return engine;
  };
  try {
    const database = await start("mysql");
    const broker = await start("nats");
    process.env.SHOP_MYSQL_URL = database.url;
    process.env.SHOP_NATS_URL = broker.url;
    log(`  database: ${database.description}\n  broker: ${broker.description}\n`);
    return stop;
  } catch (error) {
    console.error(lines.join("\n"));
    await stop();
    throw error;
  }
}
