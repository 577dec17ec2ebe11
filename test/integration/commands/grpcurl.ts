import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { findPrograms, lastLine, run } from "../../../local/engines/commands.ts";
import { grpcurlModule, root } from "./readme.ts";

/** For a fresh machine: it has to fetch and compile all that grpcurl consists of, which is 100 seconds of a core. */
export const installMs = 450_000;

/** Kept from one run to the next, apart from what the machine's own Go has installed. */
const folder = join(root, ".shop/tools", `grpcurl${/@.*/.exec(grpcurlModule())?.[0]}`);

/** Whether it is there, or Go is, to install it. */
export function isGrpcurlInReach(): boolean {
  return existsSync(join(folder, "grpcurl")) || findPrograms(["go"], process.env).length > 0;
}

/** The folder to put into the PATH. */
export async function installGrpcurl(): Promise<string> {
  if (existsSync(join(folder, "grpcurl"))) return folder;
  mkdirSync(folder, { recursive: true });
  const [go = "go"] = findPrograms(["go"], process.env);
  // Other tests, which have deadlines, run beside it.
  const done = await run("nice", ["-n", "10", go, "install", grpcurlModule()], {
    timeoutMs: installMs,
    // Outside of the project: none of its folders is the module that is meant.
    cwd: folder,
    env: { ...process.env, GOBIN: folder, GOFLAGS: "-mod=mod" },
  });
  if (done.code !== 0) throw new Error(`go install ${grpcurlModule()}: ${lastLine(done)}`);
  return folder;
}
