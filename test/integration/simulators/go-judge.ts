import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { makeFolder } from "#platform/settings/folders.ts";
import type { Accounts } from "../../../simulators/providers/client.ts";
import type { Callback } from "./simulators.ts";

/** For a fresh machine, which has to fetch the SDK and compile Go's standard library. */
export const BUILD_MS = 300_000;

const SOURCE = join(import.meta.dirname, "wechatpay-go");
const TOOLS = join(import.meta.dirname, "../../../.shop/tools");

export type GoJudge = {
  /** What the SDK answers. Rejects with the SDK's error. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what the SDK parsed.
  call(name: string, command?: { number?: string; body?: object }): Promise<any>;
  /** The decrypted content of a notice. Rejects if the SDK refuses it. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what the SDK parsed.
  verify(callback: Pick<Callback, "headers" | "body">): Promise<any>;
  stop(): void;
};

/** Whether Go is there, to build the judge. */
export function isGoInReach(): boolean {
  return spawnSync("go", ["version"]).status === 0;
}

/** Builds the judge, which fetches WeChat Pay's SDK as a Go module, and starts it. */
export function startGoJudge(account: Accounts["wechatpay"]): GoJudge {
  makeFolder(TOOLS);
  const program = join(TOOLS, "wechatpay-judge");
  const built = spawnSync("go", ["build", "-o", program, "."], {
    cwd: SOURCE,
    encoding: "utf8",
    env: { ...process.env, GOFLAGS: "-mod=mod", GOWORK: "off" },
  });
  if (built.status !== 0 || !existsSync(program)) throw new Error(`go build: ${built.stderr}`);
  const config = join(TOOLS, `wechatpay-judge-${process.pid}.json`);
  writeFileSync(config, JSON.stringify(account), { mode: 0o600 });
  const child = spawn(program, [config], { stdio: ["pipe", "pipe", "inherit"] });
  child.once("exit", () => rmSync(config, { force: true }));
  return conversation(child);
}

/** One answer follows each command, in order. */
function conversation(child: ChildProcess): GoJudge {
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) =>
    waiting.shift()?.(line),
  );
  const ask = async (command: object) => {
    const line = new Promise<string>((resolve) => waiting.push(resolve));
    child.stdin?.write(`${JSON.stringify(command)}\n`);
    const answer = JSON.parse(await line);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.ok;
  };
  return {
    call: (name, command = {}) => ask({ name, ...command }),
    verify: ({ headers, body }) =>
      ask({ name: "verify", headers: headersOf(headers), bytes: body.toString("base64") }),
    stop: () => child.kill(),
  };
}

function headersOf(headers: Callback["headers"]): Record<string, string> {
  const entries = Object.entries(headers).filter(([name]) => name.startsWith("wechatpay-"));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
