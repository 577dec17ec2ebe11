import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { faketimeLibrary } from "./needs.ts";

/** A clock that one process goes by from its start on, and that can be set while it runs. Needs "faketime". */
export type Clock = {
  env: Record<string, string>;
  /** So much ahead of the true time; 0: right again. Timers and what measures spans of time stay true. */
  set(aheadSeconds: number): void;
};

/** `name` is for the file that says what time it is. */
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

/** For the front of a command. */
export function underClock({ env }: Clock): string[] {
  return ["env", ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
}

const SHARED_MEMORY = "/dev/shm";
const LEFT_BEHIND = /^(?:faketime_shm|sem\.faketime_sem)_(\d+)$/;

/** Removes what the library leaves in shared memory for each process that was killed. */
export function clearClocks(): void {
  for (const name of readdirSync(SHARED_MEMORY)) {
    const pid = LEFT_BEHIND.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(SHARED_MEMORY, name), { force: true });
  }
}
