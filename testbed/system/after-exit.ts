import { spawn } from "node:child_process";
import { signal } from "../../local/engines/processes.ts";

/**
 * Runs a shell script once this process is gone, also after SIGKILL. `forget` cancels the script,
 * after what it undoes has been undone in order. Linux only.
 */
export function runAfterExit(script: string): { forget(): void } {
  // The start time distinguishes this process from a later one with the same id. There is no pipe
  // to this process, because an unreferenced one can keep Node from exiting.
  const waiting = `began() { cut -d ' ' -f 22 /proc/${process.pid}/stat 2>/dev/null; }
was=$(began)
while [ "$(began)" = "$was" ]; do sleep 1; done`;
  const guard = spawn("/bin/sh", ["-c", `${waiting}\n${script}`], {
    // In its own process group, which Ctrl-C at the terminal does not reach.
    detached: true,
    stdio: "ignore",
  });
  guard.on("error", () => {});
  guard.unref();
  return {
    forget() {
      // The group, with the `sleep` that the guard waits for.
      if (guard.pid !== undefined) signal(-guard.pid, "SIGKILL");
    },
  };
}

/** A shell command that kills every process whose command line contains this path. */
export function killProcessesNaming(path: string): string {
  return `for p in /proc/[0-9]*; do [ "$p" != "/proc/$$" ] && tr '\\0' ' ' <"$p/cmdline" 2>/dev/null | grep -qF '${path}' && kill -9 "\${p#/proc/}"; done`;
}
