import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Bytes received and sent at these ports over open connections, as the kernel counts them.
 * Undefined on a machine without `ss` (iproute2).
 */
export async function bytesAt(ports: readonly number[]): Promise<number | undefined> {
  try {
    const { stdout } = await run(
      "ss",
      ["--tcp", "--info", "--numeric", "--no-header", "--oneline"],
      {
        maxBuffer: 64 * 1_024 * 1_024,
      },
    );
    return countBytes(stdout, ports);
  } catch {
    return undefined;
  }
}

/** Sums the lines of `ss` for the servers' ends: each connection on this machine has two lines. */
export function countBytes(lines: string, ports: readonly number[]): number {
  let bytes = 0;
  for (const line of lines.split("\n")) {
    const local = line.trim().split(/\s+/)[3] ?? "";
    if (!ports.includes(Number(local.slice(local.lastIndexOf(":") + 1)))) continue;
    bytes += Number(/ bytes_sent:(\d+)/.exec(line)?.[1] ?? 0);
    bytes += Number(/ bytes_received:(\d+)/.exec(line)?.[1] ?? 0);
  }
  return bytes;
}
