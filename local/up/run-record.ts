import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { commandLine, parentOf } from "../engines/processes.ts";

/** What `npm start` leaves in `.shop/` about itself while it runs. */
export type RunRecord = {
  pid: number;
  /** The processes above it, nearest first; when they change, it stops by itself. */
  ancestors: number[];
  state: "starting" | "up" | "stopping";
  lines: string[];
  /** SHOP_MYSQL_URL and SHOP_NATS_URL with their passwords, for other programs of the same person. */
  addresses?: Record<string, string>;
};

const mark = "local/up.ts";
const pauseMs = 100;

/** The record of another run that is alive, if there is one. */
export function livingRun(file: string): RunRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as RunRecord;
    if (record.pid === process.pid) return undefined;
    return commandLine(record.pid)?.includes(mark) === true ? record : undefined;
  } catch {
    return undefined;
  }
}

/** What a running `npm start` of this folder has for database and broker; nothing where none runs. */
export function addressesOfRun(): Record<string, string> {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const dataDir = resolve(root, process.env.SHOP_DATA_DIR || ".shop");
  return livingRun(join(dataDir, "run.json"))?.addresses ?? {};
}

/**
 * Makes this process the one that runs. Resolves to the record of another one that runs and will
 * stay; one that is stopping, or about to because its npm was killed, is waited for.
 */
export async function claimRun(
  file: string,
  record: RunRecord,
  log: (line: string) => void,
): Promise<RunRecord | undefined> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  let told = false;
  for (;;) {
    const other = livingRun(file);
    if (other === undefined) {
      if (claimed(file, record)) return undefined;
    } else if (other.state !== "stopping" && !isOrphaned(other.pid, other.ancestors)) {
      return other;
    } else if (!told) {
      log(`waiting for the earlier run (pid ${other.pid}) to stop`);
      told = true;
    }
    await pause(pauseMs);
  }
}

/** False when somebody else came first. */
function claimed(file: string, record: RunRecord): boolean {
  if (livingRun(file) === undefined) rmSync(file, { force: true });
  try {
    writeFileSync(file, JSON.stringify(record), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

export function updateRun(file: string, record: RunRecord): void {
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The processes above this one, up to the npm that started it; none when it was started without npm. */
export function ancestorsOf(pid: number, env: NodeJS.ProcessEnv): number[] {
  if (env.npm_lifecycle_event === undefined) return [];
  const parent = parentOf(pid);
  if (parent === undefined || parent <= 1) return [];
  // npm runs scripts in a shell, which may or may not replace itself by the command.
  const shell = /^\S*\b(sh|bash|dash|zsh) -c /.test(commandLine(parent) ?? "");
  const above = shell ? parentOf(parent) : undefined;
  return above === undefined || above <= 1 ? [parent] : [parent, above];
}

/** True when a process above it has gone, so that whoever started it cannot stop it any more. */
export function isOrphaned(pid: number, ancestors: number[]): boolean {
  let child = pid;
  for (const ancestor of ancestors) {
    if (parentOf(child) !== ancestor) return true;
    child = ancestor;
  }
  return false;
}
