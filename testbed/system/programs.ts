import { join } from "node:path";
import { killAtExit } from "../engines/at-exit.ts";
import { type ServiceProcess, serviceProcess } from "../shop/service-process.ts";
import type { Kind, Part } from "./parts.ts";

/** One process of the system, under a name such as "order1". */
export type Program = ServiceProcess & { name: string; kind: Kind };

/** Some of the system's programs, none of them running yet. */
export function programs(
  parts: readonly Part[],
  directory: string,
  envOf: (name: string, kind: Kind) => Record<string, string>,
): Map<string, Program> {
  // The caller's environment may name other servers; a program gets only what is its own.
  const { PATH, HOME, TZ } = process.env;
  return new Map(
    parts.map(({ name, kind }) => {
      const env = { PATH, HOME, TZ, ...envOf(name, kind) };
      const logFile = join(directory, `${name}.log`);
      const running = serviceProcess({ service: kind, env, logFile, detached: true });
      killAtExit(running.pid);
      return [name, { ...running, name, kind }];
    }),
  );
}
