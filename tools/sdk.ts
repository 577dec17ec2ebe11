// `npm run sdk -- go`: generates the client SDK of a language into sdk/<language>/gen.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { LANGUAGES, type Language, missing } from "./sdk/languages.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const template = "buf.gen.sdk.yaml";
const names = LANGUAGES.map(({ name }) => name);
const USAGE = `Generates client SDKs into sdk/<language>/gen.

  npm run sdk -- LANGUAGE...

Languages: ${names.join(", ")}. What each needs is brought by its own package manager; sdk/README.md tells more.`;

class SdkTrouble extends Error {}

function generate(language: Language): void {
  const absent = missing(language, root);
  if (absent.length > 0) throw new SdkTrouble(`${language.name} needs ${absent.join(" and ")}`);
  for (const [program = "", ...args] of language.prepare) run(program, args);
  run("buf", ["generate", "--template", JSON.stringify(templateOf(language))], language.plugins);
  console.log(`sdk/${language.name}/gen is generated`);
}

/** The template with the plugins of this language alone, so that no other toolchain has to be there. */
function templateOf({ name }: Language): object {
  const all = parse(readFileSync(join(root, template), "utf8"));
  const own = all.plugins.filter(({ out }: { out: string }) => out === `sdk/${name}/gen`);
  if (own.length === 0) throw new SdkTrouble(`${template} has no plugin for ${name}`);
  return { ...all, plugins: own };
}

function run(program: string, args: string[], plugins?: string): void {
  const folders = [...(plugins === undefined ? [] : [plugins]), "node_modules/.bin"];
  const path = [...folders.map((folder) => join(root, folder)), process.env.PATH ?? ""];
  const env = { ...process.env, PATH: path.join(delimiter) };
  const { status, error } = spawnSync(program, args, { cwd: root, env, stdio: "inherit" });
  if (status !== 0) throw new SdkTrouble(`${program} failed${error ? `: ${error.message}` : ""}`);
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !names.includes(name));
if (asked.length === 0 || unknown.length > 0) {
  const isHelp = unknown.every((name) => name === "--help" || name === "-h") && unknown.length > 0;
  console.log(USAGE);
  process.exitCode = isHelp ? 0 : 2;
} else {
  try {
    for (const language of LANGUAGES) if (asked.includes(language.name)) generate(language);
  } catch (error) {
    if (!(error instanceof SdkTrouble)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
