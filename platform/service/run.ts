import { UnfitServer } from "../db/sessions.ts";
import { SettingsError } from "../settings/settings.ts";
import { ListenError } from "../values/listen-error.ts";

export type Running = {
  /** The address that it listens on. */
  address?: string;
  /** Finishes accepted work, then releases everything. */
  stop(): Promise<void>;
};

/**
 * A program that is asked to stop while it starts may finish for this long what must not be
 * interrupted, such as a migration.
 */
const MAX_START_MS = 10_000;
/** Longer than anything that `stop` waits for. After this, the process exits with 1. */
const MAX_STOP_MS = 90_000;

const stopped = new AbortController();
/** Aborts when the program of `runService` is asked to stop; what `start` waits for ends then. */
export const stopSignal: AbortSignal = stopped.signal;

/**
 * Runs a program until SIGTERM, SIGINT, or the end of a parent process with an IPC channel. Call it
 * from the entry point: `if (import.meta.main) runService(start);`.
 *
 * Exits with 0 after `stop`, or at once while it is still starting, with 2 after listing faulty
 * settings on standard error, and with 1 after any other failure or at once at a second signal. A
 * port that is in use or a file that cannot be opened is printed as a sentence, a defect with its
 * stack. A parent with an IPC channel gets `{ ready: true, address }` once `start` has resolved.
 */
export function runService(start: () => Promise<Running>): void {
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(
      () => fail(new Error(`stopping took longer than ${MAX_STOP_MS} ms`)),
      MAX_STOP_MS,
    ).unref();
    stopped.abort();
    const tooLong = setTimeout(() => process.exit(0), MAX_START_MS);
    started.then(
      (running) => {
        clearTimeout(tooLong);
        running.stop().then(() => process.exit(0), fail);
      },
      () => process.exit(0),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("disconnect", () => {
    if (!stopping) stop();
  });
  // After the signals are handled, which come between two turns of the event loop at the earliest.
  // A function that is not async throws at once what an async one rejects with.
  const started = Promise.try(start);
  started.then(
    (running) => process.send?.({ ready: true, address: running.address }),
    // A start that `stop` has ended did not fail.
    (error) => (stopping ? undefined : fail(error)),
  );
}

function fail(error: unknown): never {
  console.error(isUnderstood(error) ? error.message : error);
  process.exit(error instanceof SettingsError ? 2 : 1);
}

/** Whether the message says all: a stack adds nothing to a setting, a port or a file. */
function isUnderstood(error: unknown): error is Error {
  if (error instanceof SettingsError || error instanceof ListenError) return true;
  if (error instanceof UnfitServer) return true;
  return error instanceof Error && "syscall" in error && "code" in error;
}
