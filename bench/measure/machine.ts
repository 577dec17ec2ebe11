import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";

/** On what, and of what, the figures are. */
export type Machine = {
  processor: string;
  cores: number;
  memoryGib: number;
  kernel: string;
  node: string;
  /** Before the run: what else the machine had to do. */
  loadAverage: number;
  database: string;
  broker: string;
  commit: string;
  /** Whether files differed from the commit. */
  changed: boolean;
  time: string;
};

export function machineNow(engines: { database: string; broker: string }): Machine {
  return {
    processor: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    loadAverage: Number((loadavg()[0] ?? 0).toFixed(2)),
    ...engines,
    commit: git("rev-parse", "HEAD") || "unknown",
    changed: git("status", "--porcelain", "--untracked-files=no") !== "",
    time: new Date().toISOString(),
  };
}

/** What git says of the folder that the bench is in; nothing where there is no git. */
function git(...args: string[]): string {
  try {
    const options = { cwd: import.meta.dirname, encoding: "utf8" as const };
    return execFileSync("git", args, { ...options, stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "";
  }
}
