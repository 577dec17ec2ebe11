// Installs and runs Connect's official conformance suite, a Go program:
// https://github.com/connectrpc/conformance

import { spawn } from "node:child_process";
import { existsSync, renameSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFolder } from "#platform/settings/folders.ts";
import { LANGUAGES, missing } from "../../tools/sdk/languages.ts";

const VERSION = "v1.0.7";
const MODULE = "connectrpc.com/conformance";
/** The first build of the runner takes about 90 s of CPU time. */
const INSTALL_MS = 600_000;

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Holds the runner and its descriptors, outside the repository. */
const cache = join(root, `node_modules/.cache/conformance-${VERSION}`);
const runner = join(cache, "connectconformance");
const descriptors = join(cache, "descriptors.binpb");

type SuiteResult = { passed: number; failed: number; output: string };

/** The tools that the suite needs and this machine lacks. */
export function missingTools(): string[] {
  const go = LANGUAGES.filter(({ name }) => name === "go");
  return go.flatMap((language) => missing(language, root));
}

/** Builds the runner and the descriptors of its proto files, unless an earlier run did. */
export async function installSuite(): Promise<void> {
  makeFolder(cache);
  if (!existsSync(runner)) {
    await run("go", ["install", `${MODULE}/cmd/connectconformance@${VERSION}`], {
      env: { GOBIN: cache },
      withinMs: INSTALL_MS,
      lowPriority: true,
    });
  }
  if (existsSync(descriptors)) return;
  const download = await run("go", ["mod", "download", "-json", `${MODULE}@${VERSION}`], {
    withinMs: INSTALL_MS,
  });
  const made = `${descriptors}.${process.pid}.binpb`;
  const { Dir: folder } = JSON.parse(download.output);
  await run("buf", ["build", folder, "--output", made], { withinMs: INSTALL_MS });
  renameSync(made, descriptors);
}

/**
 * Runs all cases of the features that the configuration claims. `onOutput` receives the output of
 * the runner. Throws if the runner ends without a result.
 */
export async function runSuite(
  config: string,
  options: { withinMs: number; onOutput?: (text: string) => void },
): Promise<SuiteResult> {
  const server = [process.execPath, join(root, "test/conformance/server.ts"), descriptors];
  const own = ["--mode", "server", "--conf", join(root, "test/conformance", config), "--verbose"];
  const { code, output } = await run(runner, [...own, "--", ...server], {
    ...options,
    mayFail: true,
  });
  const [, passed = 0, failed = 0] = /(\d+) passed, (\d+) failed/.exec(output) ?? [];
  // A runner that fails without failed cases has not completed the suite.
  if (code !== 0 && Number(failed) === 0) {
    throw new Error(`the conformance runner ended (${code}) without a result\n${output}`);
  }
  return { passed: Number(passed), failed: Number(failed), output };
}

type RunOptions = {
  withinMs: number;
  env?: Record<string, string>;
  mayFail?: boolean;
  /** Runs at lower priority than other processes. */
  lowPriority?: boolean;
  onOutput?: (text: string) => void;
};

/** Runs a program. At the timeout it is killed with all processes that it started. */
async function run(program: string, args: string[], options: RunOptions) {
  const path = [join(root, "node_modules/.bin"), process.env.PATH ?? ""].join(delimiter);
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PATH: path, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const { pid } = child;
  if (pid && options.lowPriority) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  const kill = () => pid !== undefined && process.kill(-pid, "SIGKILL");
  const timer = setTimeout(kill, options.withinMs);
  process.once("exit", kill);
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    options.onOutput?.(text);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
    options.onOutput?.(text);
  });
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => resolve(status ?? signal ?? ""));
  });
  clearTimeout(timer);
  process.off("exit", kill);
  if (code !== 0 && !options.mayFail) throw new Error(`${program} ended (${code})\n${errors}`);
  return { code, output: options.mayFail ? `${output}${errors}` : output };
}
