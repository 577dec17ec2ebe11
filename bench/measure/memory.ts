import { readFileSync } from "node:fs";

/** Resident memory of a process (proc(5), VmRSS of /proc/pid/status). */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
}
