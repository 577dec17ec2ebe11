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
  /** Where each program listens, as `npm start` prints it. */
  lines: string[];
  /**
   * SHOP_MYSQL_URL and SHOP_NATS_URL with their passwords, and SHOP_CURRENCY if it is set. Only the
   * owner can read the file.
   */
  addresses?: Record<string, string>;
};

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

/** What commands need to know of the `npm start` of this folder; empty if none runs. */
export function addressesOfRun(): Record<string, string> {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const dataDir = resolve(root, process.env.SHOP_DATA_DIR || ".shop");
  return livingRun(join(dataDir, "run.json"))?.addresses ?? {};
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
