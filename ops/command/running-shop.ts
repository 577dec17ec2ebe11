import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** What `npm start` records about itself in the data directory while it runs. */
export type RunRecord = {
  pid: number;
  /** The processes above it, nearest first. When one of them ends, `npm start` stops. */
  ancestors: number[];
  state: "starting" | "up" | "stopping";
  /** In milliseconds since the epoch: when all programs were ready. */
  upSinceMs?: number;
  /** Where each program listens, as `npm start` prints it. */
  lines: string[];
  /**
   * The settings of the shop, with its keys and passwords, as the programs have them. Only the owner
   * can read the file.
   */
  settings?: Record<string, string>;
};

/** Settings of a process and not of the shop; a command has its own. */
const OWN_SETTINGS = /^SHOP_(DATA_DIR|LOG_LEVEL|FAILPOINT|RACE_ROUNDS)$/;

/** What of an environment describes the shop, for the record. */
export function shopSettings(env: NodeJS.ProcessEnv): Record<string, string> {
  const found = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      /^(SHOP_|SHIPPING_|FREE_SHIPPING_|POINTS_)/.test(entry[0]) &&
      !OWN_SETTINGS.test(entry[0]) &&
      Boolean(entry[1]),
  );
  return Object.fromEntries(found);
}

/** Part of the command line of `npm start`, by which its process is recognized. */
const START_PROGRAM = "local/up.ts";

/** The record of a run that is alive in another process. */
export function livingRun(file: string): RunRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as RunRecord;
    if (record.pid === process.pid) return undefined;
    return commandLine(record.pid)?.includes(START_PROGRAM) === true ? record : undefined;
  } catch {
    return undefined;
  }
}

/** The settings of the `npm start` of this folder; empty if none runs. */
export function settingsOfRun(): Record<string, string> {
  return runOfFolder()?.settings ?? {};
}

function runOfFolder(): RunRecord | undefined {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const dataDir = resolve(root, process.env.SHOP_DATA_DIR || ".shop");
  return livingRun(join(dataDir, "run.json"));
}

/**
 * For how many seconds the programs of `npm start` have been up, if that is the shop with this
 * database and namespace. `undefined` if it is another, or none runs in this folder.
 */
export function upSecondsOf(shop: { mysqlUrl: string; namespace: string }): number | undefined {
  const record = runOfFolder();
  const { SHOP_MYSQL_URL: url, SHOP_NAMESPACE: namespace = "shop" } = record?.settings ?? {};
  if (url === undefined || URL.parse(url)?.href !== shop.mysqlUrl) return undefined;
  if (namespace !== shop.namespace) return undefined;
  return record?.upSinceMs === undefined ? 0 : (Date.now() - record.upSinceMs) / 1_000;
}

/**
 * The command line of a running process, its arguments joined by spaces. `undefined` where there is
 * no such process, or it has ended and only waits for its parent.
 */
export function commandLine(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      const text = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return text === "" ? undefined : text.split("\0").join(" ").trim();
    }
    const args = ["-ww", "-o", "command=", "-p", String(pid)];
    return execFileSync("ps", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return undefined;
  }
}
