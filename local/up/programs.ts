import { existsSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "#platform/settings/folders.ts";
import { SetupError } from "../engines/setup-error.ts";
import { EDGES } from "./edges.ts";
import { dataDir, root } from "./folders.ts";
import { type Supervised, supervised } from "./supervised.ts";

export type Programs = Map<string, Supervised>;

/** The programs of the shop by name, none of them started yet. */
export function programsOf(names: readonly string[], say: (line: string) => void): Programs {
  const directory = join(dataDir, "services");
  const logs = join(dataDir, "logs");
  for (const folder of [directory, logs]) makeFolder(folder);
  return new Map(
    names.map((name) => {
      const path = EDGES[name] ?? `services/${name}/main.ts`;
      const main = join(root, path);
      if (!existsSync(main)) throw new SetupError(`${path} is missing; restore it from git`);
      const logFile = join(logs, `${name}.log`);
      return [name, supervised({ name, main, directory, logFile, say })];
    }),
  );
}

/** Stops callers before those they call, so that calls in progress can finish. */
export async function stopPrograms(programs: Programs): Promise<void> {
  for (const callers of [["gateway"], ["order", "pay"]]) {
    await Promise.all(callers.map(async (name) => programs.get(name)?.stop()));
  }
  await Promise.all([...programs.values()].map((program) => program.stop()));
}
