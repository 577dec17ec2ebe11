import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Engine as BroughtUp, bringUpEngine } from "../../local/engines/bring-up.ts";
import { chooseLocalSource } from "../../local/engines/choice.ts";
import { startCluster } from "./cluster.ts";
import { killAtExit } from "./last-resort.ts";
import type { Network } from "./network.ts";
import { ownPorts } from "./own-ports.ts";

/** A database or a broker of the system's own, which may be damaged in every way. */
export type Engine = {
  /** "database", "broker1" ...: its name in edges. */
  name: string;
  /** The way to it past all proxies. */
  url: string;
  host: string;
  port: number;
  /** Everything that it keeps is below this directory, which may be a mount of its own. */
  dataDirectory: string;
  /** Only of a broker: its streams. */
  storeDirectory: string | undefined;
  /**
   * In front of its command from the next start on, such as `env LD_PRELOAD=...` or `ip netns exec NAME`; what stands
   * there must become the server by exec, so that signals reach it.
   */
  prefix: string[];
  /** SIGKILL; it stays down until `start`. */
  kill(): Promise<void>;
  /** SIGTERM, and waits. */
  stop(): Promise<void>;
  /** Resolves when a login works. Nothing happens where it runs. */
  start(): Promise<void>;
  /** SIGSTOP, SIGCONT ... */
  signal(name: NodeJS.Signals): void;
  pid(): number | undefined;
};

export type EngineOptions = { name: string; dataDirectory: string; log: (line: string) => void };

export type Brokers = {
  nodes: Engine[];
  /** Copies of each stream. */
  replicas: number;
  /** Of a cluster: what is between its nodes. */
  network?: Network;
  stop(): Promise<void>;
};

const packagesDir = fileURLToPath(new URL("../../.shop/packages", import.meta.url));

/** MariaDB or MySQL that flushes at every commit. */
export function startDatabase(options: EngineOptions): Promise<Engine> {
  return startEngine("mysql", options);
}

/** One nats-server, or a cluster of three (see cluster.ts). */
export async function startBrokers(
  kind: "single" | "cluster3",
  options: Omit<EngineOptions, "name">,
): Promise<Brokers> {
  if (kind === "cluster3") return startCluster(options);
  const broker = await startEngine("nats", { ...options, name: "broker1" });
  return { nodes: [broker], replicas: 1, stop: () => broker.stop() };
}

async function startEngine(part: "mysql" | "nats", options: EngineOptions): Promise<Engine> {
  const { name, dataDirectory, log } = options;
  const [port = 0, unused = 0] = await ownPorts(2);
  const env = { ...process.env, SHOP_MYSQL_URL: "", SHOP_NATS_URL: "" };
  const source = await chooseLocalSource(part, { env, packagesDir, log });
  const engine = { prefix: [] as string[] };
  const ports = part === "mysql" ? [port, unused] : [unused, port];
  const [mysqlPort = 0, natsPort = 0] = ports;
  const prefix = () => engine.prefix;
  const places = { dataDir: dataDirectory, mysqlPort, natsPort };
  const brought = await bringUpEngine(part, { ...places, log, env, source, prefix });
  const { server, url, storeDirectory } = brought as BroughtUp &
    Required<Pick<BroughtUp, "server">>;
  killAtExit(server.pid);
  return Object.assign(engine, {
    name,
    url,
    host: "127.0.0.1",
    port,
    dataDirectory,
    storeDirectory,
    kill: () => server.kill(),
    stop: () => server.stop(),
    start: () => server.start(),
    signal: (signalName: NodeJS.Signals) => {
      const pid = server.pid();
      if (pid !== undefined) process.kill(pid, signalName);
    },
    pid: () => server.pid(),
  });
}

/** Of a broker that is stopped: streams, messages and consumers are gone. */
export function wipeStore(broker: Engine): void {
  if (broker.storeDirectory === undefined) throw new Error(`${broker.name} has no store`);
  rmSync(broker.storeDirectory, { recursive: true, force: true });
}
