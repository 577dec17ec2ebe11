// Connect's official conformance suite, which is written in Go: https://github.com/connectrpc/conformance

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LANGUAGES, missing } from "../../tools/sdk/languages.ts";

const VERSION = "v1.0.7";
const MODULE = "connectrpc.com/conformance";
/** Building the runner for the first time takes about a minute and a half of processor time. */
const BRING_MS = 600_000;

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Nothing of theirs is a part of the project. */
const cache = join(root, `node_modules/.cache/conformance-${VERSION}`);
const runner = join(cache, "connectconformance");
const descriptors = join(cache, "descriptors.binpb");

export type Verdict = { passed: number; failed: number; output: string };

/** What this machine lacks to run the suite. */
export function lacking(): string[] {
  const go = LANGUAGES.filter(({ name }) => name === "go");
  return go.flatMap((language) => missing(language, root));
}

/** Makes the runner and the descriptors of its proto files, where they are not there from an earlier run. */
export async function bringSuite(): Promise<void> {
  mkdirSync(cache, { recursive: true });
  if (!existsSync(runner)) {
    await run("go", ["install", `${MODULE}/cmd/connectconformance@${VERSION}`], {
      env: { GOBIN: cache },
      withinMs: BRING_MS,
      gently: true,
    });
  }
  if (existsSync(descriptors)) return;
  const download = await run("go", ["mod", "download", "-json", `${MODULE}@${VERSION}`], {
    withinMs: BRING_MS,
  });
  const made = `${descriptors}.${process.pid}.binpb`;
  const { Dir: folder } = JSON.parse(download.output);
  await run("buf", ["build", folder, "--output", made], { withinMs: BRING_MS });
  renameSync(made, descriptors);
}

/** Runs all cases that the configuration claims. `tell` gets what the runner prints. */
export async function runSuite(
  config: string,
  options: { withinMs: number; tell?: (text: string) => void },
): Promise<Verdict> {
  const server = [process.execPath, join(root, "test/conformance/server.ts"), descriptors];
  const own = ["--mode", "server", "--conf", join(root, "test/conformance", config), "--verbose"];
  const { code, output } = await run(runner, [...own, "--", ...server], {
    ...options,
    mayFail: true,
  });
  const [, passed = 0, failed = 0] = /(\d+) passed, (\d+) failed/.exec(output) ?? [];
  // A runner that ends before its count has not judged at all.
  if (code !== 0 && Number(failed) === 0) throw new Error(`the runner ended (${code})\n${output}`);
  return { passed: Number(passed), failed: Number(failed), output };
}

type RunOptions = {
  withinMs: number;
  env?: Record<string, string>;
  mayFail?: boolean;
  /** After all other work of the machine. */
  gently?: boolean;
  tell?: (text: string) => void;
};

/** It is ended with all that it started when its time is over. */
async function run(program: string, args: string[], options: RunOptions) {
  const path = [join(root, "node_modules/.bin"), process.env.PATH ?? ""].join(delimiter);
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PATH: path, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const { pid } = child;
  if (pid && options.gently) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  const end = () => pid !== undefined && process.kill(-pid, "SIGKILL");
  const late = setTimeout(end, options.withinMs);
  process.once("exit", end);
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    options.tell?.(text);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
    options.tell?.(text);
  });
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => resolve(status ?? signal ?? ""));
  });
  clearTimeout(late);
  process.off("exit", end);
  if (code !== 0 && !options.mayFail) throw new Error(`${program} ended (${code})\n${errors}`);
  return { code, output: options.mayFail ? `${output}${errors}` : output };
}
