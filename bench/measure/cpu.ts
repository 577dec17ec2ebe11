import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const ticksASecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** User and system CPU time of a process so far, in milliseconds (proc(5), /proc/pid/stat). */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name in parentheses may contain spaces; fields are counted after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [fields[11], fields[12]];
  return ((Number(user) + Number(system)) * 1_000) / ticksASecond;
}
