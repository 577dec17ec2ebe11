import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { Counts } from "./counting.ts";

const WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 5;

/** The environment with which a process counts the calls that it serves. */
export function countingEnv(directory: string, name: string): Record<string, string> {
  const preload = pathToFileURL(join(import.meta.dirname, "counting.ts")).href;
  return {
    BENCH_COUNTS: fileOf(directory, name),
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import=${preload}`.trim(),
  };
}

/** The sum of what these processes have counted so far. */
export async function readCounts(
  directory: string,
  processes: readonly { name: string; pid: number }[],
): Promise<Counts> {
  const all: Counts = {};
  for (const { name, pid } of processes) {
    const file = fileOf(directory, name);
    rmSync(file, { force: true });
    process.kill(pid, "SIGUSR2");
    for (const [path, { calls, bytes }] of Object.entries(await untilWritten(file))) {
      const sum = all[path] ?? { calls: 0, bytes: 0 };
      all[path] = { calls: sum.calls + calls, bytes: sum.bytes + bytes };
    }
  }
  return all;
}

async function untilWritten(file: string): Promise<Counts> {
  for (const untilMs = Date.now() + WITHIN_MS; ; await pause(LOOK_EVERY_MS)) {
    try {
      return JSON.parse(readFileSync(file, "utf8")) as Counts;
    } catch (error) {
      if (Date.now() > untilMs)
        throw new Error(`${file} was not written in ${WITHIN_MS} ms`, { cause: error });
    }
  }
}

function fileOf(directory: string, name: string): string {
  return join(directory, `${name}.counts`);
}
