import { signal } from "../../local/engines/processes.ts";

// What has to be gone when this program is, however it ends. Node runs only synchronous code by then.

const cleanups = new Set<() => void>();
let watching = false;

/**
 * Runs `cleanup`, which must be synchronous, when this program ends without having done it in order: an uncaught error,
 * process.exit. The returned function takes it back.
 */
export function atExit(cleanup: () => void): () => void {
  if (!watching) process.once("exit", cleanUp);
  watching = true;
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

/** Kills whatever process runs under this handle at the end. */
export function killAtExit(pid: () => number | undefined): () => void {
  return atExit(() => {
    const running = pid();
    if (running !== undefined) signal(running, "SIGKILL");
  });
}

function cleanUp(): void {
  // The latest first: what was mounted last has to go first.
  for (const cleanup of [...cleanups].reverse()) {
    try {
      cleanup();
    } catch (error) {
      console.error(`left behind: ${(error as Error).message}`);
    }
  }
}
