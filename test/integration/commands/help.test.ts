import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};
/** Mocha has its own usage text and options. */
const OTHER = ["test"];
/** Without `pre` scripts, which npm runs by itself. */
const names = Object.keys(scripts).filter(
  (name) => !(name.startsWith("pre") && scripts[name.slice(3)] !== undefined),
);

describe("every npm script", function () {
  this.timeout(60_000);

  /** Runs a script as npm does, with no shop to find. */
  const run = (name: string, args: string) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const env = {
        ...process.env,
        PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`,
        SHOP_DATA_DIR: "/proc/nope",
      };
      const options = { cwd: root, env, timeout: 30_000 };
      execFile("sh", ["-c", `${scripts[name]} ${args}`], options, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      });
    });

  for (const name of names) {
    it(`${name} prints its usage with --help, and does nothing else`, async () => {
      const { code, stdout, stderr } = await run(name, "--help");
      assert.deepEqual([code, stderr], [0, ""], stdout);
      assert.match(
        stdout,
        OTHER.includes(name) ? /mocha/ : new RegExp(`npm run ${name}|npm start|npm run bench`),
      );
    });

    if (OTHER.includes(name)) continue;
    it(`${name} refuses an option that it does not know, with exit code 2`, async () => {
      const { code, stdout, stderr } = await run(name, "--no-such-option");
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, /--no-such-option/);
      assert.doesNotMatch(stderr, /\n +at /);
    });
  }
});
