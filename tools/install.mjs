// Runs before every npm script, so it must work on Node 20 without any dependency. It installs what
// package-lock.json lists, and makes sure that the pinned Node (the npm package `node`) runs. npm
// puts node_modules/.bin first on the PATH, so the pinned Node runs the script that follows.
//
// Prints nothing if there is nothing to do, and otherwise to standard error, because the output of
// a script such as `npm run token` may be captured.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const pinnedNode = `${root}node_modules/.bin/node`;
const leastMajor = 20;
// Node runs .ts files from this version on.
const leastMajorForTypes = 24;

/** Whether npm's record of node_modules has every package of the lock file in its version. */
export function isInstalled(lock, installed) {
  const wanted = lock?.packages;
  const present = installed?.packages;
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "") return true;
    const found = present[path];
    // A package for another platform is listed in the lock file but never installed.
    if (found === undefined) return entry.optional === true || entry.peer === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(`${root}${path}`, "utf8"));
  } catch {
    return undefined;
  }
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function fail(line) {
  say(`jetshop: ${line}`);
  process.exit(1);
}

/** Runs npm: the one that started this script, if any. */
function npm(args) {
  const own = process.env.npm_execpath;
  const [command, first] =
    own !== undefined && /npm-cli\.c?js$/.test(own) ? [process.execPath, [own]] : ["npm", []];
  say(`> npm ${args.join(" ")}`);
  // The output of npm goes to standard error as well.
  const run = spawnSync(command, [...first, ...args], { cwd: root, stdio: ["ignore", 2, 2] });
  if (run.error?.code === "ENOENT")
    fail("npm is not installed; install Node 20 or later, which includes it");
  return run.status === 0;
}

/** The version of the pinned Node; undefined if it is not installed or does not run. */
function pinnedNodeVersion() {
  if (!existsSync(pinnedNode)) return undefined;
  const run = spawnSync(pinnedNode, ["--version"], { encoding: "utf8", timeout: 30_000 });
  return run.status === 0 ? run.stdout.trim().replace(/^v/, "") : undefined;
}

// Node's builds for Linux need this library since version 25; a minimal Debian lacks it.
const library = { file: "libatomic.so.1", package: "libatomic1" };

function hasLibrary() {
  return ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"].some((directory) => {
    if (!existsSync(directory)) return false;
    const folders = readdirSync(directory).filter((name) => name.includes("-linux-"));
    return ["", ...folders].some((folder) => existsSync(`${directory}/${folder}/${library.file}`));
  });
}

/** Installs the library that the pinned Node needs, before npm runs scripts on that Node. */
function ensureLibrary() {
  if (process.platform !== "linux" || hasLibrary()) return;
  const advice = `the pinned Node needs ${library.file}; install it with apt-get install ${library.package}`;
  const root = process.getuid?.() === 0 ? [] : ["sudo"];
  const quietly = ["env", "DEBIAN_FRONTEND=noninteractive"];
  const apt = (...args) => {
    const [command, ...rest] = [...root, ...quietly, "apt-get", ...args];
    say(`> apt-get ${args.join(" ")}`);
    // Lets sudo ask for the password.
    return spawnSync(command, rest, { stdio: ["inherit", 2, 2] }).status === 0;
  };
  say(`jetshop: the pinned Node needs ${library.file}, which is not installed`);
  // A failed source may not be the one that has the package, so the install decides.
  apt("update", "-qq");
  const quiet = ["-qq", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=300"];
  const done = apt("install", "--yes", "--no-install-recommends", ...quiet, library.package);
  if (!done || !hasLibrary()) fail(advice);
}

function install() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < leastMajor) {
    fail(`Node ${process.versions.node} is too old; install Node 20 or later`);
  }
  const lock = readJson("package-lock.json");
  if (!isInstalled(lock, readJson("node_modules/.package-lock.json"))) {
    ensureLibrary();
    say(
      "jetshop: installing dependencies; this happens once, and again when package-lock.json changes",
    );
    if (!npm(["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"])) {
      fail("`npm ci` failed, see above; it needs the npm registry and space for node_modules");
    }
  }
  const wanted = lock?.packages?.["node_modules/node"]?.version;
  if (pinnedNodeVersion() === wanted) return;
  ensureLibrary();
  if (pinnedNodeVersion() === wanted) return;
  say(`jetshop: setting up the Node that the project pins (${wanted})`);
  if (npm(["rebuild", "node", "--ignore-scripts=false"]) && pinnedNodeVersion() === wanted) return;
  if (major >= leastMajorForTypes) {
    // Without the link, npm scripts find the Node of the machine.
    rmSync(pinnedNode, { force: true });
    say(`jetshop: it does not run on this machine; using Node ${process.versions.node} instead`);
    return;
  }
  fail(`the pinned Node ${wanted} does not run here; install Node ${leastMajorForTypes} or later`);
}

if (realpathSync(process.argv[1] ?? "") === fileURLToPath(import.meta.url)) install();
