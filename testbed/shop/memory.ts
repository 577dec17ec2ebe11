import { fileURLToPath } from "node:url";
import { eventually } from "../eventually.ts";
import type { Program, Shop } from "./shop.ts";

/** Memory in MiB after garbage collection, and the number of open TCP connections. */
export type Memory = { heapMib: number; rssMib: number; sockets: number };

const report = fileURLToPath(new URL("./memory-report.ts", import.meta.url));

/** The environment with which a program reports its memory. */
export const REPORTS_MEMORY = { NODE_OPTIONS: `--expose-gc --import ${report}` };

const MIB = 1024 * 1024;

/** Collects the garbage of a program and returns its memory. */
export async function memoryOf(shop: Shop, program: Program): Promise<Memory> {
  const reports = () => shop.output(program).match(/^\{"memory":.*\}$/gm) ?? [];
  const before = reports().length;
  const pid = shop.pid(program);
  if (pid === undefined) throw new Error(`${program} is not running`);
  process.kill(pid, "SIGUSR2");
  const line = await eventually(() => {
    const last = reports().at(before);
    if (last === undefined)
      throw new Error(`${program} has not reported its memory; start it with REPORTS_MEMORY`);
    return last;
  });
  const { memory } = JSON.parse(line) as { memory: Record<string, number> };
  const { heapUsed = 0, external = 0, rss = 0, sockets = 0 } = memory;
  return { heapMib: (heapUsed + external) / MIB, rssMib: rss / MIB, sockets };
}
