// `npm run sdk -- go`: generates the client SDK of a language into sdk/<language>/gen.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { CommandError, ExitCode, runCommand, UsageError } from "../ops/command/command.ts";
import { LANGUAGES, type Language, missing } from "./sdk/languages.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const TEMPLATE = "buf.gen.sdk.yaml";
const names = LANGUAGES.map(({ name }) => name);

await runCommand({
  name: "sdk",
  summary: "Generates client SDKs into sdk/<language>/gen.",
  positionals: "LANGUAGE...",
  options: {},
  notes: [
    `Languages: ${names.join(", ")}. Their plugins are installed by the package manager of the ` +
      "language; sdk/README.md says what each needs.",
  ],
  async run({ positionals }) {
    if (positionals.length === 0) throw new UsageError(`name a language: ${names.join(", ")}`);
    const unknown = positionals.find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new UsageError(`there is no SDK for ${unknown}, only for ${names.join(", ")}`);
    }
    for (const language of LANGUAGES) if (positionals.includes(language.name)) generate(language);
    return ExitCode.DONE;
  },
});

function generate(language: Language): void {
  const { name, prepare, plugins } = language;
  const absent = missing(language, root);
  if (absent.length > 0)
    throw new CommandError(`the SDK for ${name} needs ${absent.join(" and ")}`);
  for (const [program = "", ...args] of prepare) run(program, args);
  run("buf", ["generate", "--template", JSON.stringify(templateOf(language))], plugins);
  console.log(`generated sdk/${name}/gen`);
}

/** The template reduced to the plugins of one language, so that buf needs no other toolchain. */
function templateOf({ name }: Language): object {
  const template = parse(readFileSync(join(root, TEMPLATE), "utf8"));
  const plugins = template.plugins.filter(({ out }: { out: string }) => out === `sdk/${name}/gen`);
  if (plugins.length === 0) throw new CommandError(`${TEMPLATE} has no plugin for ${name}`);
  return { ...template, plugins };
}

function run(program: string, args: string[], plugins?: string): void {
  const folders = [...(plugins === undefined ? [] : [plugins]), "node_modules/.bin"];
  const path = [...folders.map((folder) => join(root, folder)), process.env.PATH ?? ""];
  const env = { ...process.env, PATH: path.join(delimiter) };
  const { status, error } = spawnSync(program, args, { cwd: root, env, stdio: "inherit" });
  if (status === 0) return;
  throw new CommandError(`${program} failed${error ? `: ${error.message}` : "; see above"}`);
}
