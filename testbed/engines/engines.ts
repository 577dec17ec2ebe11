import { rmSync } from "node:fs";
import { type DirectoryKind, sweep, temporaryDirectory } from "./directories.ts";
import { type OwnEngine, startOwnEngine } from "./own-engine.ts";
import { freePorts } from "./ports.ts";

/** A database and a broker, with their processes. */
export type Engines = { mysqlUrl: string; natsUrl: string; mysqlPid: number; natsPid: number };

export type OwnEngines = Engines & {
  /** For people, such as "MariaDB 10.11.6 on 127.0.0.1:40001". */
  descriptions: { database: string; broker: string };
  /** Stops both and removes their data. */
  stop(): Promise<void>;
};

/**
 * Starts a database and a broker that nothing else uses, so that what they cost can be counted.
 * Their data lie in a temporary directory of the given kind.
 */
export async function startOwnEngines(
  kind: DirectoryKind,
  log: (line: string) => void,
): Promise<OwnEngines> {
  await sweep(kind);
  const directory = temporaryDirectory(kind);
  const started: OwnEngine[] = [];
  const stop = async () => {
    for (const engine of started.reverse()) await engine.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  const start = async (part: "mysql" | "nats", port: number) => {
    const engine = await startOwnEngine(part, { dataDirectory: directory, port, log });
    started.push(engine);
    return engine;
  };
  try {
    const [mysqlPort = 0, natsPort = 0] = await freePorts(2);
    const database = await start("mysql", mysqlPort);
    const broker = await start("nats", natsPort);
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

function pidOf({ server, description }: OwnEngine): number {
  const pid = server.pid();
  if (pid === undefined) throw new Error(`${description} has ended`);
  return pid;
}
