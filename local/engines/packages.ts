import { spawnSync } from "node:child_process";
import { readdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolder } from "#platform/settings/folders.ts";
import { findPrograms, lastLine, run } from "./commands.ts";
import type { Part } from "./docker.ts";
import { SetupError } from "./setup-error.ts";

export type PackageManager = "apt" | "brew";

type PackageOptions = {
  /** Where packages are that were unpacked instead of installed. */
  packagesDir: string;
  env: NodeJS.ProcessEnv;
  log: (line: string) => void;
};

type AptOptions = Omit<PackageOptions, "packagesDir">;

const updateWithinMs = 600_000;
const installWithinMs = 1_800_000;

// The first set that the distribution offers. The -core packages contain the server but no system
// service, so installing them starts nothing. mariadb-install-db needs the client's core package.
const databasePackages = [
  ["mariadb-server-core", "mariadb-client-core"],
  ["mariadb-server-core-10.6", "mariadb-client-core-10.6"],
  ["mysql-server-core"],
  ["mysql-server-core-8.4"],
  ["mysql-server-core-8.0"],
];
const brokerPackage = "nats-server";

/** The package manager of this system, if it is a supported one. */
export function packageManager(env: NodeJS.ProcessEnv): PackageManager | undefined {
  if (findPrograms(["apt-get"], env).length > 0) return "apt";
  return findPrograms(["brew"], env).length > 0 ? "brew" : undefined;
}

/** Where packages are unpacked: in the data directory of SHOP_DATA_DIR. */
export function packagesDirOf(env: NodeJS.ProcessEnv): string {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  return resolve(root, env.SHOP_DATA_DIR || ".shop", "packages");
}

/** Where `getPackage` unpacks programs. */
export function unpackedDirectories(packagesDir: string): string[] {
  return [
    join(packagesDir, brokerPackage, "usr/sbin"),
    join(packagesDir, brokerPackage, "usr/bin"),
  ];
}

/** Gets the database server or the broker from the packages of the system. */
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
      "there is no database server; set SHOP_MYSQL_URL, or install mariadb-server-core and " +
        "mariadb-client-core, which needs root or sudo",
    );
  }
  await update(root, options);
  await install(root, await firstOffered(options.env), options);
}

/** Installs a package with apt if that needs no password; otherwise throws a SetupError. */
export async function installPackage(name: string, options: AptOptions): Promise<void> {
  const root = packageManager(options.env) === "apt" ? await superuser(options.env) : undefined;
  if (root === undefined)
    throw new SetupError(`${name} is missing; install it, which needs root or sudo`);
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
 * Unpacks the broker's package without installing it. Installed, it would leave a system service
 * that listens on every address of the machine without a password.
 */
async function unpackBroker(options: PackageOptions): Promise<void> {
  const { packagesDir, env, log } = options;
  const root = await superuser(env);
  // Without root, the package lists of the system may be recent enough.
  if (root !== undefined) await update(root, options);
  if (!(await isOffered(brokerPackage, env))) {
    throw new SetupError(`apt offers no ${brokerPackage}; install it or set SHOP_NATS_URL`);
  }
  const unfinished = join(packagesDir, `${brokerPackage}.new`);
  rmSync(unfinished, { recursive: true, force: true });
  makeFolder(unfinished);
  log(`apt-get download ${brokerPackage}`);
  const timeoutMs = installWithinMs;
  const download = await run("apt-get", ["download", brokerPackage], {
    timeoutMs,
    cwd: unfinished,
    env,
  });
  const file = readdirSync(unfinished).find((name) => name.endsWith(".deb"));
  if (download.code !== 0 || file === undefined) {
    throw new SetupError(`apt-get download ${brokerPackage}: ${lastLine(download)}`);
  }
  const unpack = await run("dpkg-deb", ["-x", file, "."], { timeoutMs, cwd: unfinished, env });
  if (unpack.code !== 0) throw new SetupError(`dpkg-deb -x ${file}: ${lastLine(unpack)}`);
  rmSync(join(unfinished, file));
  const final = join(packagesDir, brokerPackage);
  rmSync(final, { recursive: true, force: true });
  renameSync(unfinished, final);
}

let updated = false;

/** Updates the package lists once per run: old lists name files that no longer exist. */
async function update(root: string[], options: AptOptions): Promise<void> {
  if (updated) return;
  options.log("apt-get update");
  const done = await apt(root, ["update"], options);
  // A failed source may not be the one that has the package, so the install decides.
  if (done.code !== 0) options.log(`apt-get update: ${lastLine(done)}`);
  updated = true;
}

function apt(root: string[], args: string[], { env, log }: AptOptions) {
  // sudo drops the environment, so env sets these variables.
  const quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"];
  const locks = ["-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0"];
  const [command = "", ...rest] = [...root, ...quiet, "apt-get", ...locks, ...args];
  const timeoutMs = args[0] === "update" ? updateWithinMs : installWithinMs;
  return run(command, rest, { timeoutMs, env, log });
}

/** What runs a command as root without a password; undefined if nothing does. */
async function superuser(env: NodeJS.ProcessEnv): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  const trial = await run("sudo", ["-n", "true"], { timeoutMs: 10_000, env });
  return trial.code === 0 ? ["sudo", "-n"] : undefined;
}

/**
 * Lets sudo ask for the password at the terminal, before the progress of the start is drawn there.
 * Does nothing without a terminal.
 */
export async function askForSudo(env: NodeJS.ProcessEnv): Promise<void> {
  if ((await superuser(env)) !== undefined || !process.stdin.isTTY) return;
  if (findPrograms(["sudo"], env).length > 0) spawnSync("sudo", ["-v"], { stdio: "inherit" });
}
