import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endServersOf } from "../../local/engines/private-server.ts";
import { commandLine } from "../../ops/command/running-shop.ts";

/**
 * A kind of temporary directory: the prefix of its name, and what the command line of a program
 * that owns one looks like. A run removes only the leftovers of its own kind.
 */
export type DirectoryKind = { prefix: string; programs: RegExp };

const TESTS: DirectoryKind = {
  prefix: "jetshop-test-",
  programs: /mocha|bench\/|test\/adversary\//,
};
const OWNER_FILE = "owner";
/** A directory that is younger may not have its owner file yet. */
const UNCLAIMED_MS = 10_000;

/** Makes a directory that names this process as its owner, so that a later run can remove it. */
export function temporaryDirectory({ prefix }: DirectoryKind = TESTS): string {
  const made = mkdtempSync(join(tmpdir(), prefix));
  writeFileSync(join(made, OWNER_FILE), `${process.pid}\n`);
  return made;
}

/** Stops the servers and removes the directories that killed runs have left behind. */
export async function sweep(kind: DirectoryKind = TESTS): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((found) => found.startsWith(kind.prefix))) {
    const path = join(tmpdir(), name);
    if (statSync(path, { throwIfNoEntry: false })?.uid !== process.getuid?.()) continue;
    if (isOwned(path, kind)) continue;
    await endServersOf(
      ["mariadb", "mysql", "nats"].map((server) => join(path, server)),
      path,
    );
    rmSync(path, { recursive: true, force: true });
  }
}

function isOwned(path: string, { programs }: DirectoryKind): boolean {
  try {
    const pid = Number(readFileSync(join(path, OWNER_FILE), "utf8"));
    return programs.test(commandLine(pid) ?? "");
  } catch {
    return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < UNCLAIMED_MS;
  }
}
