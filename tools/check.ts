// `npm run check`: types, format, lint, and that the contract and its generated code are in order.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ExitCode, runCommand } from "../ops/command/command.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const TIMEOUT_MS = 600_000;
const TEMPLATES = ["buf.gen.yaml", "buf.gen.openapi.yaml"];

/** `failure` returns what to print, or undefined if the check passes. */
type Check = { name: string; failure: () => string | undefined };

const CHECKS: readonly Check[] = [
  program("types", "tsc", ["--noEmit", "--project", "."]),
  program("types of the browser example", "tsc", ["--noEmit", "--project", "sdk/browser"]),
  program("format and lint (biome)", "biome", ["check", "--error-on-warnings", "."]),
  program("promises without await (oxlint)", "oxlint", ["--type-aware", "--deny-warnings"]),
  program("contract: buf lint", "buf", ["lint"]),
  program("contract: buf breaking", "buf", ["breaking", "--against", "proto/contract.binpb"]),
  { name: "contract: generated code is fresh", failure: staleFiles },
];

await runCommand({
  name: "check",
  summary:
    "Checks types, format and lint, that the contract does not break its clients, and that the " +
    "generated code is what the contract generates.",
  options: {},
  notes: ["Exits with 0, or with 1 when a check failed."],
  async run() {
    let failed = 0;
    for (const { name, failure } of CHECKS) {
      const begin = performance.now();
      const text = failure();
      const seconds = ((performance.now() - begin) / 1_000).toFixed(1);
      console.log(`${text === undefined ? "ok    " : "FAILED"}  ${name} (${seconds} s)`);
      if (text === undefined) continue;
      failed += 1;
      console.log(text.replaceAll(/^/gm, "    "));
    }
    return failed === 0 ? ExitCode.DONE : ExitCode.FAILED;
  },
});

/** A check that passes if a program exits with 0. */
function program(name: string, command: string, args: string[]): Check {
  return { name, failure: () => outputOfFailed(command, args) };
}

function outputOfFailed(command: string, args: string[]): string | undefined {
  const done = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    timeout: TIMEOUT_MS,
    maxBuffer: Number.POSITIVE_INFINITY,
  });
  if (done.status === 0) return undefined;
  return [done.stdout, done.stderr, done.error?.message].filter(Boolean).join("\n").trim();
}

function staleFiles(): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), "jetshop-generated-"));
  try {
    for (const template of TEMPLATES) {
      const args = ["generate", "--template", template, "--output", directory];
      const failure = outputOfFailed("buf", args);
      if (failure !== undefined) return failure;
    }
    const [fresh, committed] = [generatedIn(directory), generatedIn(root)];
    const stale = [...new Set([...fresh.keys(), ...committed.keys()])]
      .filter((name) => fresh.get(name) !== committed.get(name))
      .map((name) => `${name} differs from what buf generates; run npm run generate`);
    return stale.length === 0 ? undefined : stale.join("\n");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The contents of each generated file below the folder, by its path. */
function generatedIn(folder: string): Map<string, string> {
  const code = readdirSync(join(folder, "proto/gen"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `proto/gen/${name}`);
  const present = [...code, "gateway/openapi.yaml"].filter((name) =>
    existsSync(join(folder, name)),
  );
  return new Map(present.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
