import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { tableRows } from "./markdown.ts";

const run = promisify(execFile);
const OPTION = /--[a-z][a-z-]*/g;
/** The commands with options. bench:callback takes those of bench. */
const WITH_OPTIONS = [
  "audit",
  "bench",
  "bench:gateway",
  "books",
  "callbacks",
  "demo",
  "fault",
  "page",
  "parked",
  "profile",
  "reconcile",
  "replay",
  "test:adversary",
  "test:races",
  "token",
];
const HELP_MS = 60_000;
/** Shared with the services that tests start. */
const COMPILE_CACHE = "node_modules/.cache/compiled-services";

describe("docs/commands.md", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
    scripts: Record<string, string>;
  };
  const names = Object.keys(scripts).filter((name) => !name.startsWith("pre"));
  const documented = new Map(
    tableRows("docs/commands.md").map(([command = "", , options = ""]) => {
      return [/^`npm (?:run )?([\w:]+)`$/.exec(command)?.[1] ?? command, options];
    }),
  );

  it("lists every npm script, and no other", () => {
    assert.deepEqual([...documented.keys()].sort(), names.sort());
  });

  it("lists the options that each command prints with --help", async function () {
    this.timeout(HELP_MS);
    await Promise.all(
      WITH_OPTIONS.map(async (name) => {
        const [, program = ""] = /^node .*?(\S+\.ts)$/.exec(scripts[name] ?? "") ?? [];
        const env = { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE };
        const { stdout } = await run(process.execPath, [program, "--help"], { env });
        assert.deepEqual(optionsOf(documented.get(name) ?? ""), optionsOf(stdout), name);
      }),
    );
  });

  it("lists no options of other commands", () => {
    for (const [name, options] of documented) {
      if (!WITH_OPTIONS.includes(name)) assert.deepEqual(optionsOf(options), [], name);
    }
  });
});

function optionsOf(text: string): string[] {
  const found = new Set(text.match(OPTION));
  return [...found].filter((option) => option !== "--help" && option !== "--silent").sort();
}
