import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { checkedOut } from "../../testbed/checked-out.ts";

/** The machine and the versions of a measurement. */
export type Machine = {
  processor: string;
  cores: number;
  memoryGib: number;
  kernel: string;
  node: string;
  /** The load average before the run. */
  loadAverage: number;
  database: string;
  broker: string;
  commit: string;
  /** Whether tracked files differ from the commit. */
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
    ...checkedOut(),
    time: new Date().toISOString(),
  };
}
