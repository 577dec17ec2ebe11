import assert from "node:assert/strict";
import { SettingsError } from "#platform/settings/settings.ts";
import { Outage } from "#platform/values/refusal.ts";
import { CommandError, ExitCode, errorText, runCommand } from "./command.ts";

describe("a command", () => {
  const { log, error } = console;
  let printed: { out: string[]; err: string[] };

  beforeEach(() => {
    printed = { out: [], err: [] };
    console.log = (text: string) => printed.out.push(text);
    console.error = (text: string) => printed.err.push(text);
  });
  afterEach(() => {
    Object.assign(console, { log, error });
    process.exitCode = undefined;
  });

  async function run(args: string[], work: () => ExitCode = () => ExitCode.DONE) {
    let values: object | undefined;
    await runCommand(
      {
        name: "greet",
        summary: "Greets.",
        options: { name: { type: "string", value: "NAME", help: "whom to greet" } },
        run: async (parsed) => {
          values = { ...parsed.values };
          return work();
        },
      },
      args,
    );
    return { values, code: process.exitCode };
  }

  it("gets its options and sets the exit code", async () => {
    assert.deepEqual(await run(["--name", "Ada"], () => ExitCode.FAILED), {
      values: { name: "Ada" },
      code: 1,
    });
  });

  it("prints the usage text with --help and does nothing else", async () => {
    assert.deepEqual(await run(["--help"]), { values: undefined, code: undefined });
    assert.match(printed.out[0] ?? "", /^Greets\.\n\nUsage: npm run greet -- \[options\]\n/);
  });

  it("exits with 2 and one line when the command line is wrong", async () => {
    for (const args of [["--loud"], ["--name"], ["Ada"]]) {
      printed.err = [];
      assert.deepEqual(await run(args), { values: undefined, code: 2 });
      assert.match(printed.err.join("\n"), /^.+ \(--help shows the options\)$/);
    }
  });

  it("prints the message of an error and exits with its code", async () => {
    const errors: [Error, number][] = [
      [new CommandError("no"), 1],
      [new CommandError("no", { exitCode: ExitCode.CANNOT_RUN }), 2],
      [new SettingsError(["SHOP_ENV: must be set"]), 2],
      [new Outage("no answer"), 1],
    ];
    for (const [thrown, code] of errors) {
      printed.err = [];
      const ended = await run([], () => {
        throw thrown;
      });
      assert.deepEqual([ended.code, printed.err], [code, [thrown.message]]);
    }
  });

  it("prints the stack of a defect, but not of a failed request", () => {
    assert.match(errorText(new TypeError("x is not a function")), /^TypeError: x .*\n +at /);
    assert.equal(errorText(new TypeError("fetch failed", { cause: "refused" })), "fetch failed");
  });

  it("prints the code of an error without a message", () => {
    const refused = Object.assign(new AggregateError([]), { code: "ECONNREFUSED" });
    assert.equal(errorText(refused), "ECONNREFUSED");
  });
});
