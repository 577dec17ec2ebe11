import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { checkedOut } from "../../testbed/checked-out.ts";

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
    ...checkedOut(),
    time: new Date().toISOString(),
  };
}
