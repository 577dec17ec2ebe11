import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { makeFolder } from "#platform/settings/folders.ts";

/** A random password, created once per data directory and kept there for its owner only. */
export function keptSecret(directory: string, name: string): string {
  makeFolder(directory, { mode: 0o700 });
  const file = `${directory}/${name}.secret`;
  const known = read(file);
  if (known !== undefined) return known;
  const secret = randomBytes(24).toString("base64url");
  writeFileSync(file, `${secret}\n`, { mode: 0o600, flush: true });
  return secret;
}

function read(file: string): string | undefined {
  try {
    const text = readFileSync(file, "utf8").trim();
    // A file that a crash truncated is replaced: servers set the password at each start.
    return text.length === 32 ? text : undefined;
  } catch {
    return undefined;
  }
}
