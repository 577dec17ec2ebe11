import { SettingsError } from "../settings/settings.ts";

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
 * after any other failure or at once at a second signal. A parent with an IPC channel gets `{
 * ready: true, address }` once `start` has resolved.
 */
export function runService(start: () => Promise<Running>): void {
  const started = start();
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
  const settings = error instanceof SettingsError;
  console.error(settings ? error.message : error);
  process.exit(settings ? 2 : 1);
}
