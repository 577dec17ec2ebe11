import { SettingsError } from "../settings/settings.ts";
import { ListenError } from "../values/listen-error.ts";

export type Running = {
  /** The address that it listens on. */
  address?: string;
  /** Finishes accepted work, then releases everything. */
  stop(): Promise<void>;
};

/** Longer than anything that `stop` waits for. After this, the process exits with 1. */
const MAX_STOP_MS = 90_000;

/**
 * Runs a program until SIGTERM, SIGINT, or the end of a parent process with an IPC channel. Call it
 * from the entry point: `if (import.meta.main) runService(start);`.
 *
 * Exits with 0 after `stop`, with 2 after listing faulty settings on standard error, and with 1
 * after any other failure or at once at a second signal. A port that is in use or a file that
 * cannot be opened is printed as a sentence, a defect with its stack. A parent with an IPC channel gets `{
 * ready: true, address }` once `start` has resolved.
 */
export function runService(start: () => Promise<Running>): void {
  // A function that is not async throws at once what an async one rejects with.
  const started = Promise.try(start);
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(
      () => fail(new Error(`stopping took longer than ${MAX_STOP_MS} ms`)),
      MAX_STOP_MS,
    ).unref();
    // A failure of `start` is handled below.
    started.then(
      (running) => running.stop().then(() => process.exit(0), fail),
      () => {},
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("disconnect", () => {
    if (!stopping) stop();
  });
  started.then((running) => process.send?.({ ready: true, address: running.address }), fail);
}

function fail(error: unknown): never {
  console.error(isUnderstood(error) ? error.message : error);
  process.exit(error instanceof SettingsError ? 2 : 1);
}

/** Whether the message says all: a stack adds nothing to a setting, a port or a file. */
function isUnderstood(error: unknown): error is Error {
  if (error instanceof SettingsError || error instanceof ListenError) return true;
  return error instanceof Error && "syscall" in error && "code" in error;
}
