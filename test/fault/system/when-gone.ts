import { spawn } from "node:child_process";

/**
 * Has the script of the shell run once this program is gone, however it ended, SIGKILL included. What it undoes is
 * undone in order where that is possible; `forget` takes the script back then.
 */
export function whenGone(script: string): { forget(): void } {
  const guard = spawn("/bin/sh", ["-c", `read -r word\n[ "$word" = done ] && exit 0\n${script}`], {
    // Of a group of its own: Ctrl-C at the terminal is not for it.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.on("error", () => {});
  guard.stdin.on("error", () => {});
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return { forget: () => void guard.stdin.end("done\n") };
}

/** A line of the shell that kills every process whose command line names this path, which must be nobody else's. */
export function killsWhoNames(path: string): string {
  return `for p in /proc/[0-9]*; do [ "$p" != "/proc/$$" ] && tr '\\0' ' ' <"$p/cmdline" 2>/dev/null | grep -qF '${path}' && kill -9 "\${p#/proc/}"; done`;
}
