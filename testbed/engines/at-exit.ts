import { signal } from "../../local/engines/processes.ts";

const cleanups = new Set<() => void>();
let watching = false;

/**
 * Runs `cleanup` when this process exits, also after an uncaught error or `process.exit`, unless
 * the returned function was called before. `cleanup` must be synchronous, because Node runs
 * nothing else at that time.
 */
export function atExit(cleanup: () => void): () => void {
  if (!watching) process.once("exit", cleanUp);
  watching = true;
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

/** Kills the process that `pid` names when this process exits; see `atExit`. */
export function killAtExit(pid: () => number | undefined): () => void {
  return atExit(() => {
    const running = pid();
    if (running !== undefined) signal(running, "SIGKILL");
  });
}

function cleanUp(): void {
  // In reverse order: what was mounted last is unmounted first.
  for (const cleanup of [...cleanups].reverse()) {
    try {
      cleanup();
    } catch (error) {
      console.error(`cleanup failed: ${(error as Error).message}`);
    }
  }
}
