import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findPrograms, lastLine, run } from "./commands.ts";
import type { Part } from "./docker.ts";
import { SetupError } from "./setup-error.ts";

export type PackageManager = "apt" | "brew";

export type PackageOptions = {
  /** Where packages that are only unpacked, not installed, are kept. */
  packagesDir: string;
  env: NodeJS.ProcessEnv;
  log: (line: string) => void;
};

type AptOptions = Omit<PackageOptions, "packagesDir">;

const updateWithinMs = 600_000;
const installWithinMs = 1_800_000;

// The first set that the distribution offers. The -core packages hold the server and no service,
// so nothing is left running and no port is opened; mariadb-install-db needs a program of the
// client's core package.
const databasePackages = [
  ["mariadb-server-core", "mariadb-client-core"],
  ["mariadb-server-core-10.6", "mariadb-client-core-10.6"],
  ["mysql-server-core"],
  ["mysql-server-core-8.4"],
  ["mysql-server-core-8.0"],
];
const brokerPackage = "nats-server";

/** The system's own package manager, where it is one that we know. */
export function packageManager(env: NodeJS.ProcessEnv): PackageManager | undefined {
  if (findPrograms(["apt-get"], env).length > 0) return "apt";
  return findPrograms(["brew"], env).length > 0 ? "brew" : undefined;
}

/** Where `getPackage` leaves programs that no PATH names. */
export function unpackedDirectories(packagesDir: string): string[] {
  return [
    join(packagesDir, brokerPackage, "usr/sbin"),
    join(packagesDir, brokerPackage, "usr/bin"),
  ];
}

/** Gets the database server or the broker from the system's packages. */
export async function getPackage(
  manager: PackageManager,
  part: Part,
  options: PackageOptions,
): Promise<void> {
  if (manager === "brew") {
    const name = part === "mysql" ? "mariadb" : brokerPackage;
    options.log(`brew install ${name}`);
    const done = await run("brew", ["install", name], { timeoutMs: installWithinMs, ...options });
    if (done.code !== 0) throw new SetupError(`brew install ${name}: ${lastLine(done)}`);
    return;
  }
  if (part === "mysql") await installDatabase(options);
  else await unpackBroker(options);
}

async function installDatabase(options: PackageOptions): Promise<void> {
  const root = await superuser(options.env);
  if (root === undefined) {
    throw new SetupError(
      "no database: set SHOP_MYSQL_URL, or install mariadb-server-core and mariadb-client-core (that needs root or sudo)",
    );
  }
  await update(root, options);
  await install(root, await firstOffered(options.env), options);
}

/** Installs a package of apt where that needs no password; throws a SetupError, which says what is missing, elsewhere. */
export async function installPackage(name: string, options: AptOptions): Promise<void> {
  const root = packageManager(options.env) === "apt" ? await superuser(options.env) : undefined;
  if (root === undefined) throw new SetupError(`install ${name} (that needs root or sudo)`);
  await update(root, options);
  if (!(await isOffered(name, options.env))) throw new SetupError(`apt offers no ${name}`);
  await install(root, [name], options);
}

async function install(root: string[], packages: string[], options: AptOptions): Promise<void> {
  options.log(`apt-get install ${packages.join(" ")}`);
  const args = ["install", "--yes", "--no-install-recommends", ...packages];
  const done = await apt(root, args, options);
  if (done.code !== 0) throw new SetupError(`apt-get install: ${lastLine(done)}`);
}

async function firstOffered(env: NodeJS.ProcessEnv): Promise<string[]> {
  for (const packages of databasePackages) {
    if (await isOffered(packages[0] ?? "", env)) return packages;
  }
  const names = databasePackages.map((packages) => packages[0]).join(", ");
  throw new SetupError(`apt offers none of ${names}; set SHOP_MYSQL_URL to a database`);
}

async function isOffered(name: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const options = { timeoutMs: 60_000, env: { ...env, LC_ALL: "C" } };
  const policy = await run("apt-cache", ["policy", name], options);
  return /Candidate: (?!\(none\))\S/.test(policy.stdout);
}

/**
 * The broker's package is only unpacked. Installing it would start a service on every address of
 * the machine, without a password, and leave it there; the program itself is one file.
 */
async function unpackBroker(options: PackageOptions): Promise<void> {
  const { packagesDir, env, log } = options;
  const root = await superuser(env);
  // Without root the lists that are there may do.
  if (root !== undefined) await update(root, options);
  if (!(await isOffered(brokerPackage, env))) {
    throw new SetupError(`apt offers no ${brokerPackage}; install it or set SHOP_NATS_URL`);
  }
  const unfinished = join(packagesDir, `${brokerPackage}.new`);
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  log(`apt-get download ${brokerPackage}`);
  const timeoutMs = installWithinMs;
  const got = await run("apt-get", ["download", brokerPackage], {
    timeoutMs,
    cwd: unfinished,
    env,
  });
  const file = readdirSync(unfinished).find((name) => name.endsWith(".deb"));
  if (got.code !== 0 || file === undefined) {
    throw new SetupError(`apt-get download ${brokerPackage}: ${lastLine(got)}`);
  }
  const opened = await run("dpkg-deb", ["-x", file, "."], { timeoutMs, cwd: unfinished, env });
  if (opened.code !== 0) throw new SetupError(`dpkg-deb -x ${file}: ${lastLine(opened)}`);
  rmSync(join(unfinished, file));
  const final = join(packagesDir, brokerPackage);
  rmSync(final, { recursive: true, force: true });
  renameSync(unfinished, final);
}

let updated = false;

/** Once in a run; what was listed months ago is no longer there to download. */
async function update(root: string[], options: AptOptions): Promise<void> {
  if (updated) return;
  options.log("apt-get update");
  const done = await apt(root, ["update"], options);
  // One source out of several may be down and not matter; the install will tell.
  if (done.code !== 0) options.log(`apt-get update: ${lastLine(done)}`);
  updated = true;
}

function apt(root: string[], args: string[], { env, log }: AptOptions) {
  // sudo drops the environment, so these go as arguments of env.
  const quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"];
  const locks = ["-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0"];
  const [command = "", ...rest] = [...root, ...quiet, "apt-get", ...locks, ...args];
  const timeoutMs = args[0] === "update" ? updateWithinMs : installWithinMs;
  return run(command, rest, { timeoutMs, env, log });
}

/** What to put before a command so that it runs as root; undefined when nothing does it unasked. */
async function superuser(env: NodeJS.ProcessEnv): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  const asked = await run("sudo", ["-n", "true"], { timeoutMs: 10_000, env });
  return asked.code === 0 ? ["sudo", "-n"] : undefined;
}

/**
 * Lets sudo ask for the password at the terminal now, before anything is drawn there. Without a
 * terminal nobody is asked.
 */
export async function askForSudo(env: NodeJS.ProcessEnv): Promise<void> {
  if ((await superuser(env)) !== undefined || !process.stdin.isTTY) return;
  if (findPrograms(["sudo"], env).length > 0) spawnSync("sudo", ["-v"], { stdio: "inherit" });
}
