import { SettingsError } from "../settings/settings.ts";

export type Running = {
  /** Where it can be reached, for whoever started it. */
  address?: string;
  /** Finishes what was accepted, then lets go of everything. */
  stop(): Promise<void>;
};

/** Longer than anything that stop() waits for; a process that hangs in it is ended all the same. */
const MAX_STOP_MS = 90_000;

/**
 * Runs a program until it is told to stop: by SIGTERM, SIGINT, or the end of the parent that started it with an IPC
 * channel. Call it from the entry point only: `if (import.meta.main) runService(start);`.
 *
 * It stops once and exits with 0; a second signal exits at once with 1. Faulty settings are listed on standard error,
 * exit code 2. With an IPC channel the parent gets `{ ready: true, address }` when start() is through.
 */
export function runService(start: () => Promise<Running>): void {
  const started = start();
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(() => fail(new Error("stopping took too long")), MAX_STOP_MS).unref();
    // Where start() fails, its own handler below tells why.
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
