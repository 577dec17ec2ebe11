import { findPrograms, run } from "./commands.ts";
import { dockerAnswers, type Part } from "./docker.ts";
import { type PackageManager, packageManager, unpackedDirectories } from "./packages.ts";
import { SetupError } from "./setup-error.ts";
import { brokerTooOld, databaseTooOld } from "./versions.ts";

export type Program = { path: string; version: string };

/** Where the database or the broker comes from. */
export type Source =
  | { kind: "given"; url: string }
  | { kind: "docker" }
  | { kind: "program"; program: Program }
  | { kind: "package"; manager: PackageManager };

const setting = { mysql: "SHOP_MYSQL_URL", nats: "SHOP_NATS_URL" } as const;
const programs = { mysql: ["mariadbd", "mysqld"], nats: ["nats-server"] };
const tooOld = { mysql: databaseTooOld, nats: brokerTooOld };

export type Surroundings = {
  env: NodeJS.ProcessEnv;
  packagesDir: string;
  log: (line: string) => void;
  /** Looked at after the PATH's; default: where systems keep their servers. */
  serverDirectories?: string[];
  /** How long a docker client may take to say that an engine is there. Default 5,000. */
  dockerWithinMs?: number;
};

/** The first of: the given address, docker, a program that is here, the system's packages. */
export async function chooseSource(part: Part, surroundings: Surroundings): Promise<Source> {
  const url = surroundings.env[setting[part]];
  if (url !== undefined && url !== "") return { kind: "given", url };
  const { env, dockerWithinMs } = surroundings;
  if (await dockerAnswers(env, dockerWithinMs)) return { kind: "docker" };
  return chooseLocalSource(part, surroundings);
}

/** What remains where docker is not there, or could not do it. */
export async function chooseLocalSource(part: Part, surroundings: Surroundings): Promise<Source> {
  const program = await findServer(part, surroundings);
  if (program !== undefined) return { kind: "program", program };
  const manager = packageManager(surroundings.env);
  if (manager !== undefined) return { kind: "package", manager };
  const name = part === "mysql" ? "mysqld or mariadbd" : "nats-server";
  throw new SetupError(
    `there is no docker engine, no ${name}, no apt and no brew: install ${name} or set ${setting[part]}`,
  );
}

/** A server program that runs here and is new enough; one that is not is told and passed over. */
export async function findServer(
  part: Part,
  { env, packagesDir, log, serverDirectories }: Surroundings,
): Promise<Program | undefined> {
  const more = part === "nats" ? unpackedDirectories(packagesDir) : [];
  const found = [
    ...findPrograms(programs[part], env, serverDirectories),
    ...findPrograms(programs[part], { PATH: more.join(":") }, []),
  ];
  for (const path of found) {
    const asked = await run(path, ["--version"], { timeoutMs: 20_000, env });
    const version = asked.stdout.trim();
    const fault = asked.code === 0 ? tooOld[part](version) : "does not run";
    if (fault === undefined) return { path, version };
    log(`${path}: ${fault}`);
  }
  return undefined;
}
