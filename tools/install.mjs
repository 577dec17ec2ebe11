// Runs before every npm script, so it must work on Node 20 with no dependency installed. It brings
// node_modules in line with package-lock.json and makes sure that the Node this project pins (the
// npm package `node`) runs; npm puts node_modules/.bin first on the PATH, so the script that
// follows is run by it. Silent when there is nothing to do; what it says goes to stderr, because
// the output of a script such as `npm run token` may be captured.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const pinnedNode = `${root}node_modules/.bin/node`;
const leastMajor = 20;
// From this version on Node runs the .ts files by itself.
const leastMajorForTypes = 24;

/** True when every package of the lock file is installed in its version, as npm's own record says. */
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

/** Runs npm, with the very npm that started this script where there is one. */
function npm(args) {
  const own = process.env.npm_execpath;
  const [command, first] =
    own !== undefined && /npm-cli\.c?js$/.test(own) ? [process.execPath, [own]] : ["npm", []];
  say(`> npm ${args.join(" ")}`);
  // npm's own output goes to stderr, too.
  const run = spawnSync(command, [...first, ...args], { cwd: root, stdio: ["ignore", 2, 2] });
  if (run.error?.code === "ENOENT") fail("npm is missing; install Node 20 or later with its npm");
  return run.status === 0;
}

/** The version that the pinned Node reports, or undefined when it is missing or does not run. */
function pinnedNodeVersion() {
  if (!existsSync(pinnedNode)) return undefined;
  const run = spawnSync(pinnedNode, ["--version"], { encoding: "utf8", timeout: 30_000 });
  return run.status === 0 ? run.stdout.trim().replace(/^v/, "") : undefined;
}

// Node's own builds for Linux need it since version 25, and a bare Debian does not have it.
const library = { file: "libatomic.so.1", package: "libatomic1" };

function hasLibrary() {
  return ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"].some((directory) => {
    if (!existsSync(directory)) return false;
    const folders = readdirSync(directory).filter((name) => name.includes("-linux-"));
    return ["", ...folders].some((folder) => existsSync(`${directory}/${folder}/${library.file}`));
  });
}

/** Installs the library that the pinned Node needs, where it is missing: before npm's scripts run on that Node. */
function ensureLibrary() {
  if (process.platform !== "linux" || hasLibrary()) return;
  const advice = `the pinned Node needs ${library.file}; install it (apt-get install ${library.package})`;
  const root = process.getuid?.() === 0 ? [] : ["sudo"];
  const quietly = ["env", "DEBIAN_FRONTEND=noninteractive"];
  const apt = (...args) => {
    const [command, ...rest] = [...root, ...quietly, "apt-get", ...args];
    say(`> apt-get ${args.join(" ")}`);
    // sudo may ask for the password.
    return spawnSync(command, rest, { stdio: ["inherit", 2, 2] }).status === 0;
  };
  say(`jetshop: ${library.file}, which the pinned Node needs, is missing`);
  // A source that is down need not be the one that is needed.
  apt("update", "-qq");
  const quiet = ["-qq", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=300"];
  const done = apt("install", "--yes", "--no-install-recommends", ...quiet, library.package);
  if (!done || !hasLibrary()) fail(advice);
}

function install() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < leastMajor) {
    fail(`Node ${process.versions.node} is too old to begin with; Node 20 or later is needed`);
  }
  const lock = readJson("package-lock.json");
  if (!isInstalled(lock, readJson("node_modules/.package-lock.json"))) {
    ensureLibrary();
    say("jetshop: installing the dependencies (once, and again when package-lock.json changes)");
    if (!npm(["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"])) {
      fail("`npm ci` failed (see above); it needs the npm registry and space for node_modules");
    }
  }
  const wanted = lock?.packages?.["node_modules/node"]?.version;
  if (pinnedNodeVersion() === wanted) return;
  ensureLibrary();
  if (pinnedNodeVersion() === wanted) return;
  say(`jetshop: setting up the Node that the project pins (${wanted})`);
  if (npm(["rebuild", "node", "--ignore-scripts=false"]) && pinnedNodeVersion() === wanted) return;
  if (major >= leastMajorForTypes) {
    // Without the link, npm's scripts find the machine's own Node.
    rmSync(pinnedNode, { force: true });
    say(`jetshop: it does not run on this machine; going on with Node ${process.versions.node}`);
    return;
  }
  fail(`the pinned Node ${wanted} does not run here; install Node ${leastMajorForTypes} or later`);
}

if (realpathSync(process.argv[1] ?? "") === fileURLToPath(import.meta.url)) install();
