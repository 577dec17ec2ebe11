import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bringUpEngine, type Engine } from "../../local/engines/bring-up.ts";
import { chooseLocalSource } from "../../local/engines/choice.ts";
import { freePorts } from "../../local/engines/ports.ts";
import { temporaryDirectory } from "./infrastructure.ts";

export type OwnBroker = {
  url: string;
  /** SIGTERM, and SIGKILL. Nothing happens when it does not run. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Of a stopped one: streams, messages and consumers are gone. */
  deleteStore(): void;
  /** Ends it and removes what it kept. */
  remove(): Promise<void>;
};

const packagesDir = fileURLToPath(new URL("../../.shop/packages", import.meta.url));

/**
 * A nats-server of the test's own, which it may stop and damage, whatever broker the suite runs against: from the PATH
 * or the system's packages, like the suite's own one.
 */
export async function startOwnBroker(): Promise<OwnBroker> {
  const directory = temporaryDirectory();
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const env = { ...process.env, SHOP_NATS_URL: "" };
  const [natsPort = 0, mysqlPort = 0] = await freePorts(2);
  let engine: Engine;
  try {
    const source = await chooseLocalSource("nats", { env, packagesDir, log });
    const options = { dataDir: directory, natsPort, mysqlPort, log, env, source };
    engine = await bringUpEngine("nats", options);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw new Error(`no broker for this test: ${lines.join("\n")}`, { cause: error });
  }
  const { server, storeDirectory, url } = engine;
  if (!server || storeDirectory === undefined) throw new Error("the broker is not ours");
  return {
    url,
    stop: () => server.stop(),
    kill: () => server.kill(),
    start: () => server.start(),
    deleteStore: () => rmSync(storeDirectory, { recursive: true, force: true }),
    async remove() {
      await server.kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
