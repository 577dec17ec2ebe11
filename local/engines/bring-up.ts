import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  chooseLocalSource,
  chooseSource,
  findServer,
  type Program,
  type Source,
} from "./choice.ts";
import { composeUp, type Part } from "./docker.ts";
import { getPackage } from "./packages.ts";
import { privateBroker } from "./private-broker.ts";
import { privateDatabase } from "./private-database.ts";
import type { PrivateServer } from "./private-server.ts";
import { probeBroker, probeDatabase, untilAnswers, withoutPassword } from "./probes.ts";
import { SetupError } from "./setup-error.ts";
import { brokerTooOld, databaseTooOld, databaseVersion, versionNumbers } from "./versions.ts";

export type BringUpOptions = {
  /** Where private servers keep their data and passwords. */
  dataDir: string;
  mysqlPort: number;
  natsPort: number;
  log: (line: string) => void;
  /** True: containers and their data go away with `stop`. Default false. */
  throwAway?: boolean;
  env?: NodeJS.ProcessEnv;
  /** What `chooseSource` said before; default: it is asked. */
  source?: Source;
  /** What a private server's command has in front of it at each start, such as `env NAME=value`; default: nothing. */
  prefix?: () => readonly string[];
};

/** A database or a broker that answers. */
export type Engine = {
  url: string;
  /** For people: what it is and where it comes from. */
  description: string;
  /** Only of one that runs privately: it may be stopped and started again. */
  server?: PrivateServer;
  /** Where a private broker keeps its streams. */
  storeDirectory?: string;
  /** Ends what we started; a server that was given is left alone. Harmless when called twice. */
  stop(): Promise<void>;
};

export type Ground = { mysqlUrl: string; natsUrl: string; stop(): Promise<void> };

const packagesDir = fileURLToPath(new URL("../../.shop/packages", import.meta.url));
const answersWithinMs = 30_000;
const probe = { mysql: probeDatabase, nats: probeBroker };
const tooOld = { mysql: databaseTooOld, nats: brokerTooOld };

/** Finds or gets a database and a broker, starts what has to be started, and waits until both answer. */
export async function bringUp(options: BringUpOptions): Promise<Ground> {
  const database = await bringUpEngine("mysql", options);
  try {
    const broker = await bringUpEngine("nats", options);
    const stop = async () => {
      await broker.stop();
      await database.stop();
    };
    return { mysqlUrl: database.url, natsUrl: broker.url, stop };
  } catch (error) {
    await database.stop();
    throw error;
  }
}

/** One of the two. Not both at the same time: package managers hold locks. */
export async function bringUpEngine(part: Part, options: BringUpOptions): Promise<Engine> {
  const surroundings = { env: options.env ?? process.env, packagesDir, log: options.log };
  let source = options.source ?? (await chooseSource(part, surroundings));
  if (source.kind === "given") return given(part, source);
  if (source.kind === "docker") {
    try {
      return await fromDocker(part, options);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      options.log(`${error.message}; trying without docker`);
      source = await chooseLocalSource(part, surroundings);
    }
  }
  let program = source.kind === "program" ? source.program : undefined;
  if (source.kind === "package") {
    await getPackage(source.manager, part, surroundings);
    program = await findServer(part, surroundings);
  }
  if (program !== undefined) return fromProgram(part, program, options);
  const name = part === "mysql" ? "database server" : "nats-server";
  throw new SetupError(`the packages of this system hold no ${name} that is new enough`);
}

async function fromProgram(part: Part, program: Program, options: BringUpOptions): Promise<Engine> {
  const port = part === "mysql" ? options.mysqlPort : options.natsPort;
  const dataDir = resolve(options.dataDir);
  const { log, prefix } = options;
  const started = { ...program, dataDir, port, log, prefix };
  log(`starts ${program.path} on 127.0.0.1:${port}`);
  const engine = part === "mysql" ? await privateDatabase(started) : await privateBroker(started);
  await engine.server.start();
  return {
    ...engine,
    description: `${versionFor(part, program.version)} on 127.0.0.1:${port}`,
    stop: () => engine.server.stop(),
  };
}

async function given(part: Part, { url }: Source & { kind: "given" }): Promise<Engine> {
  const setting = part === "mysql" ? "SHOP_MYSQL_URL" : "SHOP_NATS_URL";
  const protocols = part === "mysql" ? ["mysql:"] : ["nats:", "tls:"];
  if (!protocols.includes(URL.parse(url)?.protocol ?? "")) {
    throw new SetupError(`${setting} must look like ${part}://user:password@host:port`);
  }
  const options = { probe: probe[part], withinMs: answersWithinMs };
  const version = await untilAnswers(setting, url, options);
  const fault = tooOld[part](version);
  if (fault !== undefined) throw new SetupError(`${setting}: ${fault}`);
  return {
    url,
    description: `${versionFor(part, version)} at ${withoutPassword(url)}`,
    stop: async () => {},
  };
}

async function fromDocker(part: Part, options: BringUpOptions): Promise<Engine> {
  const { url, stop } = await composeUp(part, {
    dataDir: resolve(options.dataDir),
    ports: { mysql: options.mysqlPort, nats: options.natsPort },
    throwAway: options.throwAway ?? false,
    log: options.log,
    env: options.env,
  });
  try {
    const waits = { probe: probe[part], withinMs: answersWithinMs };
    const version = await untilAnswers("docker compose", url, waits);
    return {
      url,
      description: `${versionFor(part, version)} in docker, ${withoutPassword(url)}`,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function versionFor(part: Part, text: string): string {
  if (part === "nats") return `nats-server ${versionNumbers(text).join(".")}`;
  const { flavour, numbers } = databaseVersion(text);
  return `${flavour === "mariadb" ? "MariaDB" : "MySQL"} ${numbers.join(".")}`;
}
