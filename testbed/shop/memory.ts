import { fileURLToPath } from "node:url";
import { eventually } from "../eventually.ts";
import type { Program, Shop } from "./shop.ts";

/** In MiB, after a collection of garbage; and how many TCP connections are open. */
export type Memory = { heapMib: number; rssMib: number; sockets: number };

const report = fileURLToPath(new URL("./memory-report.ts", import.meta.url));

/** The environment of a program whose memory is asked for. */
export const REPORTS_MEMORY = { NODE_OPTIONS: `--expose-gc --import ${report}` };

const MIB = 1024 * 1024;

/** What a program of the shop has in memory once its garbage is collected. */
export async function memoryOf(shop: Shop, program: Program): Promise<Memory> {
  const reports = () => shop.output(program).match(/^\{"memory":.*\}$/gm) ?? [];
  const before = reports().length;
  const pid = shop.pid(program);
  if (pid === undefined) throw new Error(`${program} does not run`);
  process.kill(pid, "SIGUSR2");
  const line = await eventually(() => {
    const last = reports().at(before);
    if (last === undefined) throw new Error(`${program} does not report its memory`);
    return last;
  });
  const { memory } = JSON.parse(line) as { memory: Record<string, number> };
  const { heapUsed = 0, external = 0, rss = 0, sockets = 0 } = memory;
  return { heapMib: (heapUsed + external) / MIB, rssMib: rss / MIB, sockets };
}
