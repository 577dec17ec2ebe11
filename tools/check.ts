// `npm run check`: types, format and lint, and that the contract and its generated code are in order.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../local/engines/commands.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const timeoutMs = 600_000;
const templates = ["buf.gen.yaml", "buf.gen.openapi.yaml"];

type Check = { name: string; passes: () => Promise<string | undefined> };

const checks: Check[] = [
  command("types", "tsc", ["--noEmit", "--project", "."]),
  command("types of the page", "tsc", ["--noEmit", "--project", "sdk/browser"]),
  command("format and lint (biome)", "biome", ["check", "--error-on-warnings", "."]),
  command("promises that nobody awaits (oxlint)", "oxlint", ["--type-aware", "--deny-warnings"]),
  command("contract: buf lint", "buf", ["lint"]),
  command("contract: buf breaking", "buf", ["breaking", "--against", "proto/contract.binpb"]),
  { name: "contract: generated code is fresh", passes: generatedIsFresh },
];

/** What the command printed, when it does not pass. */
function command(name: string, program: string, args: string[]): Check {
  return {
    name,
    async passes() {
      const done = await run(program, args, { timeoutMs, cwd: root });
      return done.code === 0 ? undefined : `${done.stdout}\n${done.stderr}`.trim();
    },
  };
}

async function generatedIsFresh(): Promise<string | undefined> {
  const directory = mkdtempSync(join(tmpdir(), "jetshop-generated-"));
  try {
    for (const template of templates) {
      const generate = ["generate", "--template", template, "--output", directory];
      const done = await run("buf", generate, { timeoutMs, cwd: root });
      if (done.code !== 0) return done.stderr.trim();
    }
    const [fresh, committed] = [generatedIn(directory), generatedIn(root)];
    const stale = [...new Set([...fresh.keys(), ...committed.keys()])]
      .filter((name) => fresh.get(name) !== committed.get(name))
      .map((name) => `${name} is not what buf generates: npm run generate`);
    return stale.length === 0 ? undefined : stale.join("\n");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** By its path, what each generated file below the folder contains. */
function generatedIn(folder: string): Map<string, string> {
  const code = readdirSync(join(folder, "proto/gen"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `proto/gen/${name}`);
  const present = [...code, "gateway/openapi.yaml"].filter((name) =>
    existsSync(join(folder, name)),
  );
  return new Map(present.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

let failed = 0;
for (const { name, passes } of checks) {
  const begun = Date.now();
  const trouble = await passes();
  const seconds = ((Date.now() - begun) / 1_000).toFixed(1);
  console.log(`${trouble === undefined ? "ok    " : "FAILED"}  ${name} (${seconds} s)`);
  if (trouble === undefined) continue;
  failed += 1;
  console.log(trouble.replaceAll(/^/gm, "    "));
}
process.exitCode = failed === 0 ? 0 : 1;
