import type { Engines } from "../../testbed/engines/engines.ts";
import type { Running } from "../target.ts";
import { brokerMeter } from "./broker.ts";
import type { Counts } from "./counting.ts";
import { cpuMs } from "./cpu.ts";
import { type DatabaseCounts, databaseMeter } from "./database.ts";
import { residentBytes } from "./memory.ts";
import { bytesAt } from "./sockets.ts";

/** Usage counters so far. */
export type Reading = {
  /** By process, including "database", "nats-server" and "load". */
  cpuMs: Record<string, number>;
  residentBytes: Record<string, number>;
  database: DatabaseCounts;
  storedMessages: number;
  /**
   * Calls that the target's servers answered, by path; undefined for a target that does not count
   * them.
   */
  calls: Counts | undefined;
  /** Bytes at the target's ports; undefined on a machine without `ss`. */
  rpcBytes: number | undefined;
};

export type Meter = {
  read(running: Running): Promise<Reading>;
  pendingMessages(): Promise<number>;
  close(): Promise<void>;
};

export const DATABASE = "database";
export const BROKER = "nats-server";
export const LOAD = "load";

/**
 * Opens a meter for targets on these engines; `load` returns the processes of the load generator.
 */
export async function openMeter(
  engines: Pick<Engines, "mysqlUrl" | "natsUrl" | "mysqlPid" | "natsPid">,
  load: () => number[],
): Promise<Meter> {
  const database = await databaseMeter(engines.mysqlUrl);
  const broker = await brokerMeter(engines.natsUrl);
  const groups = (running: Running): [name: string, pids: number[]][] => [
    ...running.processes().map(({ name, pid }): [string, number[]] => [name, [pid]]),
    [DATABASE, [engines.mysqlPid]],
    [BROKER, [engines.natsPid]],
    [LOAD, [process.pid, ...load()]],
  ];
  return {
    async read(running) {
      const each = (of: (pid: number) => number) =>
        Object.fromEntries(
          groups(running).map(([name, pids]) => [
            name,
            pids.reduce((sum, pid) => sum + of(pid), 0),
          ]),
        );
      const { stored } = await broker.counts();
      return {
        cpuMs: each(cpuMs),
        residentBytes: each(residentBytes),
        database: await database.counts(),
        storedMessages: stored,
        calls: await running.calls?.(),
        rpcBytes: await bytesAt(running.ports?.() ?? [portOf(running.orderAddress)]),
      };
    },
    pendingMessages: async () => (await broker.counts()).pending,
    async close() {
      await database.close();
      await broker.close();
    },
  };
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
