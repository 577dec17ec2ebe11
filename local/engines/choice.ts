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

type Surroundings = {
  env: NodeJS.ProcessEnv;
  packagesDir: string;
  log: (line: string) => void;
  /** Searched after the PATH. Default: where systems keep their servers. */
  serverDirectories?: string[];
  /** How long a docker client may take to reach its engine. Default 5,000. */
  dockerWithinMs?: number;
};

/** Chooses the first of: the given URL, docker, a program on this machine, its packages. */
export async function chooseSource(part: Part, surroundings: Surroundings): Promise<Source> {
  const url = surroundings.env[setting[part]];
  if (url !== undefined && url !== "") return { kind: "given", url };
  const { env, dockerWithinMs } = surroundings;
  if (await dockerAnswers(env, dockerWithinMs)) return { kind: "docker" };
  return chooseLocalSource(part, surroundings);
}

/** Chooses without URL and docker. Throws a SetupError with the remedies if nothing is left. */
export async function chooseLocalSource(part: Part, surroundings: Surroundings): Promise<Source> {
  const program = await findServer(part, surroundings);
  if (program !== undefined) return { kind: "program", program };
  const manager = packageManager(surroundings.env);
  if (manager !== undefined) return { kind: "package", manager };
  const name = part === "mysql" ? "mysqld or mariadbd" : "nats-server";
  throw new SetupError(
    `no docker engine, ${name}, apt or brew was found; install ${name} or set ${setting[part]}`,
  );
}

/** Finds a server program that runs and is new enough; logs why it passes over another. */
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
    const printed = await run(path, ["--version"], { timeoutMs: 20_000, env });
    const version = printed.stdout.trim();
    const fault = printed.code === 0 ? tooOld[part](version) : "does not run";
    if (fault === undefined) return { path, version };
    log(`${path}: ${fault}`);
  }
  return undefined;
}
