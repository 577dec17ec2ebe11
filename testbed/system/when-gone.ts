import { spawn } from "node:child_process";
import { signal } from "../../local/engines/processes.ts";

/**
 * Has the script of the shell run once this program is gone, however it ended, SIGKILL included. What it undoes is
 * undone in order where that is possible; `forget` takes the script back then. Linux only.
 */
export function whenGone(script: string): { forget(): void } {
  // When a process began tells it from a later one that got its number. No pipe to this program stands between: an
  // unreferenced one can keep Node from ending.
  const waiting = `began() { cut -d ' ' -f 22 /proc/${process.pid}/stat 2>/dev/null; }
was=$(began)
while [ "$(began)" = "$was" ]; do sleep 1; done`;
  const guard = spawn("/bin/sh", ["-c", `${waiting}\n${script}`], {
    // Of a group of its own: Ctrl-C at the terminal is not for it.
    detached: true,
    stdio: "ignore",
  });
  guard.on("error", () => {});
  guard.unref();
  return {
    forget() {
      // With the sleep that it waits for.
      if (guard.pid !== undefined) signal(-guard.pid, "SIGKILL");
    },
  };
}

/** A line of the shell that kills every process whose command line names this path, which must be nobody else's. */
export function killsWhoNames(path: string): string {
  return `for p in /proc/[0-9]*; do [ "$p" != "/proc/$$" ] && tr '\\0' ' ' <"$p/cmdline" 2>/dev/null | grep -qF '${path}' && kill -9 "\${p#/proc/}"; done`;
}
