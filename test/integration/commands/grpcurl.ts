import { existsSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "#platform/settings/folders.ts";
import { findPrograms, lastLine, run } from "../../../local/engines/commands.ts";
import { grpcurlModule, root } from "./readme.ts";

/** A new machine downloads and compiles grpcurl, which takes one core 100 s. */
export const installMs = 450_000;

/** Kept between runs, apart from the programs that the machine's Go installed. */
const folder = join(root, ".shop/tools", `grpcurl${/@.*/.exec(grpcurlModule())?.[0]}`);

/** Whether grpcurl is installed, or Go to install it. */
export function canRunGrpcurl(): boolean {
  return existsSync(join(folder, "grpcurl")) || findPrograms(["go"], process.env).length > 0;
}

/** Installs grpcurl if necessary and returns the folder for the PATH. */
export async function installGrpcurl(): Promise<string> {
  if (existsSync(join(folder, "grpcurl"))) return folder;
  makeFolder(folder);
  const [go = "go"] = findPrograms(["go"], process.env);
  // With low priority: other tests with deadlines run in parallel.
  const done = await run("nice", ["-n", "10", go, "install", grpcurlModule()], {
    timeoutMs: installMs,
    // Outside of the project, so that none of its Go modules is used.
    cwd: folder,
    env: { ...process.env, GOBIN: folder, GOFLAGS: "-mod=mod" },
  });
  if (done.code !== 0) throw new Error(`go install ${grpcurlModule()}: ${lastLine(done)}`);
  return folder;
}
