import { bringUpEngine, type Engine } from "../../local/engines/bring-up.ts";
import { chooseLocalSource, findServer, type Program } from "../../local/engines/choice.ts";
import { getPackage, packagesDirOf } from "../../local/engines/packages.ts";
import { SetupError } from "../../local/engines/setup-error.ts";

/** A database or a broker that the caller alone uses, and may stop, start and damage. */
export type OwnEngine = Engine & Required<Pick<Engine, "server">>;

type OwnEngineOptions = {
  /** The engine keeps all its files in a folder of this directory. */
  dataDirectory: string;
  /** On 127.0.0.1. */
  port: number;
  log: (line: string) => void;
  /** Put before the server's command at each start, such as `env NAME=value`. Default: nothing. */
  prefix?: () => readonly string[];
};

type Part = "mysql" | "nats";

/**
 * Starts a server of its own from a program of this machine or from the system's packages. It
 * uses neither SHOP_MYSQL_URL and SHOP_NATS_URL nor docker.
 */
export async function startOwnEngine(part: Part, options: OwnEngineOptions): Promise<OwnEngine> {
  const { dataDirectory, port, log, prefix } = options;
  const surroundings = surroundingsOf(log);
  const source = await chooseLocalSource(part, surroundings);
  const engine = await bringUpEngine(part, {
    ...surroundings,
    dataDir: dataDirectory,
    mysqlPort: port,
    natsPort: port,
    source,
    ...(prefix && { prefix }),
  });
  const { server } = engine;
  if (!server) throw new Error(`${engine.description} is not a server of this program`);
  return { ...engine, server };
}

/** The nats-server that `startOwnEngine` would run, for a caller that writes its configuration. */
export async function brokerProgram(log: (line: string) => void): Promise<Program> {
  const surroundings = surroundingsOf(log);
  const source = await chooseLocalSource("nats", surroundings);
  if (source.kind === "program") return source.program;
  if (source.kind === "package") await getPackage(source.manager, "nats", surroundings);
  const program = await findServer("nats", surroundings);
  if (!program) throw new SetupError("the packages of this system hold no nats-server");
  return program;
}

function surroundingsOf(log: (line: string) => void) {
  const env = { ...process.env, SHOP_MYSQL_URL: "", SHOP_NATS_URL: "" };
  return { env, packagesDir: packagesDirOf(env), log };
}
