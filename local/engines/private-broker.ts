import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "#platform/settings/folders.ts";
import type { PrivateOptions } from "./private-database.ts";
import { type PrivateServer, privateServer } from "./private-server.ts";
import { probeBroker } from "./probes.ts";
import { keptSecret } from "./secrets.ts";
import { isAtLeast, versionNumbers } from "./versions.ts";

const readyWithinMs = 60_000;
const stopWithinMs = 20_000;

/** A nats-server on the loopback address, with JetStream and one user with a random password. */
export async function privateBroker(
  options: PrivateOptions,
): Promise<{ url: string; server: PrivateServer; storeDirectory: string }> {
  const directory = join(options.dataDir, "nats");
  makeFolder(directory, { mode: 0o700 });
  const password = keptSecret(options.dataDir, "broker");
  const storeDirectory = join(directory, "store");
  const configuration = join(directory, "nats.conf");
  const always = isAtLeast(versionNumbers(options.version), [2, 10, 0]);
  writeFileSync(configuration, settings({ storeDirectory, password, port: options.port, always }), {
    mode: 0o600,
  });
  const url = `nats://shop:${password}@127.0.0.1:${options.port}`;
  const server = privateServer({
    name: "nats-server",
    command: options.path,
    args: ["--config", configuration],
    prefix: options.prefix,
    mark: configuration,
    directory,
    port: options.port,
    probe: () => probeBroker(url),
    readyWithinMs,
    stopWithinMs,
    log: options.log,
  });
  return { url, server, storeDirectory };
}

type Settings = { storeDirectory: string; password: string; port: number; always: boolean };

/** Servers before 2.10 refuse to start with `sync_interval`. */
function settings({ storeDirectory, password, port, always }: Settings): string {
  return `host: "127.0.0.1"
port: ${port}
server_name: "jetshop"
jetstream {
  store_dir: ${JSON.stringify(storeDirectory)}
${always ? "  sync_interval: always\n" : ""}}
authorization {
  user: "shop"
  password: "${password}"
}
`;
}
