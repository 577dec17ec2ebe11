import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Creates a folder and those above it. One that exists is left as it is.
 *
 * `mkdirSync` with `recursive` never returns below a file system that answers ENOENT to every
 * creation, such as /proc. So each missing folder is created once, from the top.
 */
export function makeFolder(path: string, { mode }: { mode?: number } = {}): void {
  const missing: string[] = [];
  for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) {
    missing.unshift(folder);
  }
  for (const folder of missing) {
    try {
      mkdirSync(folder, { mode });
    } catch (error) {
      // Another process may create the same folder.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}
