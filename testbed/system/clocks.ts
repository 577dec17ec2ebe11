import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { faketimeLibrary } from "./needs.ts";

/**
 * A clock for one process, from its start on, that can be set while the process runs. Needs
 * "faketime".
 */
export type Clock = {
  env: Record<string, string>;
  /**
   * Sets the clock ahead of the true time, or back with a negative value. Timers and monotonic
   * clocks stay right.
   */
  set(aheadSeconds: number): void;
};

/** `name` becomes part of the name of the file that holds the time. */
export function clockIn(directory: string, name: string): Clock {
  const file = join(directory, `clock-${name}`);
  const set = (aheadSeconds: number) =>
    writeFileSync(file, `${aheadSeconds < 0 ? "" : "+"}${aheadSeconds}s\n`);
  set(0);
  return {
    env: {
      LD_PRELOAD: faketimeLibrary() ?? "",
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
    set,
  };
}

/** The prefix that runs a command under the clock. */
export function underClock({ env }: Clock): string[] {
  return ["env", ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
}

const SHARED_MEMORY = "/dev/shm";
const LEFT_BEHIND = /^(?:faketime_shm|sem\.faketime_sem)_(\d+)$/;

/** Removes what the library leaves in shared memory for each killed process. */
export function clearClocks(): void {
  for (const name of readdirSync(SHARED_MEMORY)) {
    const pid = LEFT_BEHIND.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(SHARED_MEMORY, name), { force: true });
  }
}
