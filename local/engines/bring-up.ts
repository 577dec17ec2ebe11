// Brings up a database or a broker and waits until it answers. Where it comes from is the first of:
//
//   given     SHOP_MYSQL_URL or SHOP_NATS_URL: used as it is, and never stopped
//   docker    an engine that answers: the service of docker-compose.yml, in a project of its own
//             for each data directory
//   program   mariadbd, mysqld or nats-server on this machine: a private server on the loopback
//             address, with its data in the data directory and a random password
//   package   apt or brew: installs the database server, unpacks the broker, then as `program`
//
// choice.ts chooses, and passes over a server that is too old. If docker fails, the choice is made
// again without it.

import { resolve } from "node:path";
import {
  chooseLocalSource,
  chooseSource,
  findServer,
  type Program,
  type Source,
} from "./choice.ts";
import { composeUp, type Part } from "./docker.ts";
import { getPackage, packagesDirOf } from "./packages.ts";
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
  /** `stop` also removes containers and their data. Default false. */
  throwAway?: boolean;
  env?: NodeJS.ProcessEnv;
  /** Default: what `chooseSource` chooses. */
  source?: Source;
  /** Put before the command of a private server at each start. Default: nothing. */
  prefix?: () => readonly string[];
};

/** A database or a broker that answers. */
export type Engine = {
  url: string;
  /** For people: product, version and where it is. */
  description: string;
  /** Only of a private one, which may be stopped and started again. */
  server?: PrivateServer;
  /** Where a private broker keeps its streams. */
  storeDirectory?: string;
  /** Ends what was started here; a given server keeps running. Idempotent. */
  stop(): Promise<void>;
};

const ANSWERS_WITHIN_MS = 30_000;
const probe = { mysql: probeDatabase, nats: probeBroker };
const tooOld = { mysql: databaseTooOld, nats: brokerTooOld };

/** Brings up one engine. Not two at the same time: package managers hold locks. */
export async function bringUpEngine(part: Part, options: BringUpOptions): Promise<Engine> {
  const env = options.env ?? process.env;
  const surroundings = { env, packagesDir: packagesDirOf(env), log: options.log };
  let source = options.source ?? (await chooseSource(part, surroundings));
  if (source.kind === "given") return given(part, source, options.log);
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
  throw new SetupError(`the packages of this system have no ${name} that is new enough`);
}

async function fromProgram(part: Part, program: Program, options: BringUpOptions): Promise<Engine> {
  const port = part === "mysql" ? options.mysqlPort : options.natsPort;
  const dataDir = resolve(options.dataDir);
  const { log, prefix } = options;
  const started = { ...program, dataDir, port, log, prefix };
  log(`starting ${program.path} on 127.0.0.1:${port}`);
  const engine = part === "mysql" ? await privateDatabase(started) : await privateBroker(started);
  await engine.server.start();
  return {
    ...engine,
    description: `${productOf(part, program.version)} on 127.0.0.1:${port}`,
    stop: () => engine.server.stop(),
  };
}

async function given(
  part: Part,
  { url }: Source & { kind: "given" },
  log: (line: string) => void,
): Promise<Engine> {
  const setting = part === "mysql" ? "SHOP_MYSQL_URL" : "SHOP_NATS_URL";
  const protocols = part === "mysql" ? ["mysql:"] : ["nats:", "tls:"];
  // Of a broker, there may be several servers.
  const servers = part === "nats" ? url.split(",") : [url];
  if (!servers.every((one) => protocols.includes(URL.parse(one)?.protocol ?? ""))) {
    throw new SetupError(`${setting} must look like ${part}://user:password@host:port`);
  }
  const options = { probe: probe[part], withinMs: ANSWERS_WITHIN_MS, log };
  const version = await untilAnswers(setting, url, options);
  const fault = tooOld[part](version);
  if (fault !== undefined) throw new SetupError(`${setting}: ${fault}`);
  return {
    url,
    description: `${productOf(part, version)} at ${withoutPassword(url)}`,
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
    const { log } = options;
    const waiting = { probe: probe[part], withinMs: ANSWERS_WITHIN_MS, log };
    const version = await untilAnswers("docker compose", url, waiting);
    return {
      url,
      description: `${productOf(part, version)} in docker, ${withoutPassword(url)}`,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The product and its version for people: "MariaDB 10.11.19". */
function productOf(part: Part, text: string): string {
  if (part === "nats") return `nats-server ${versionNumbers(text).join(".")}`;
  const { flavour, numbers } = databaseVersion(text);
  return `${flavour === "mariadb" ? "MariaDB" : "MySQL"} ${numbers.join(".")}`;
}
