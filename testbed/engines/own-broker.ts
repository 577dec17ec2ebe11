import { rmSync } from "node:fs";
import { temporaryDirectory } from "./directories.ts";
import { type OwnEngine, startOwnEngine } from "./own-engine.ts";
import { freePorts } from "./ports.ts";

export type OwnBroker = {
  url: string;
  /** Stops it by SIGTERM. Does nothing when it is not running, as `kill`. */
  stop(): Promise<void>;
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Deletes the streams, messages and consumers of a stopped broker. */
  deleteStore(): void;
  /** Ends it and removes its files. */
  remove(): Promise<void>;
};

/** Starts a nats-server for one test, which may stop and damage it. */
export async function startOwnBroker(): Promise<OwnBroker> {
  const directory = temporaryDirectory();
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const [port = 0] = await freePorts(1);
  let broker: OwnEngine;
  try {
    broker = await startOwnEngine("nats", { dataDirectory: directory, port, log });
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw new Error(`no broker for this test: ${lines.join("\n")}`, { cause: error });
  }
  const { server, url } = broker;
  return {
    url,
    stop: () => server.stop(),
    kill: () => server.kill(),
    start: () => server.start(),
    deleteStore: () => wipeStore(broker),
    async remove() {
      await server.kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Deletes the streams, messages and consumers of a broker that is stopped. */
export function wipeStore({ storeDirectory }: { storeDirectory?: string | undefined }): void {
  if (storeDirectory === undefined) throw new Error("the engine is not a broker with a store");
  rmSync(storeDirectory, { recursive: true, force: true });
}
