import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Finished, run } from "../../../local/engines/commands.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";

export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** What generating an SDK needs, besides node_modules, which is linked. */
const PARTS = ["buf.yaml", "buf.gen.sdk.yaml", "package.json", "package-lock.json"];
// `npm run sdk` is a command: it stands on ops/command, which reads settings.
const FOLDERS = ["proto", "sdk", "tools", "ops/command", "platform/settings", "platform/values"];
const MADE = ["gen", "target", ".venv", "__pycache__"];

/** Copies the project without generated files. Resolves to its directory. */
export function freshProject(): string {
  const directory = join(temporaryDirectory(), "project");
  mkdirSync(directory);
  for (const part of [...PARTS, ...FOLDERS]) {
    cpSync(join(root, part), join(directory, part), {
      recursive: true,
      filter: (path) => !MADE.includes(basename(path)),
    });
  }
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
  return directory;
}

/** The commands of the section of sdk/README.md for this language. */
export function commandsOf(language: string): string {
  const readme = readFileSync(join(root, "sdk/README.md"), "utf8");
  const section = readme.split(/^## /m).find((text) => text.startsWith(`${language}\n`)) ?? "";
  return [...section.matchAll(/^ {4}(.+)$/gm)].map(([, command]) => command).join("\n");
}

/** Runs the commands in the project's directory with the Node version that the project pins. */
export function typeCommands(commands: string, directory: string, env: Record<string, string>) {
  const path = [join(directory, "node_modules/.bin"), process.env.PATH ?? ""].join(delimiter);
  return run("bash", ["-euo", "pipefail", "-c", commands], {
    cwd: directory,
    // Go compiles its own packages in two thirds of the time without cgo, which nothing needs.
    env: { ...process.env, CGO_ENABLED: "0", ...env, PATH: path },
    timeoutMs: 280_000,
  });
}

export function outputOf({ stdout, stderr }: Finished): string {
  return `${stdout}\n${stderr}`;
}
