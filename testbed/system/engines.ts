import { killAtExit } from "../engines/at-exit.ts";
import { startOwnEngine } from "../engines/own-engine.ts";
import { leasePorts } from "../engines/ports.ts";
import { startCluster } from "./cluster.ts";
import { type Brokers, type Engine, type EngineOptions, engineOf } from "./engine.ts";

/** Starts a MariaDB or MySQL that flushes each commit. */
export function startDatabase(options: EngineOptions): Promise<Engine> {
  return startEngine("mysql", options);
}

/** Starts one nats-server, or a cluster of three. */
export async function startBrokers(
  kind: "single" | "cluster3",
  options: Omit<EngineOptions, "name">,
): Promise<Brokers> {
  if (kind === "cluster3") return startCluster(options);
  const broker = await startEngine("nats", { ...options, name: "broker1" });
  return { nodes: [broker], replicas: 1, stop: () => broker.stop() };
}

async function startEngine(
  part: "mysql" | "nats",
  { name, dataDirectory, log }: EngineOptions,
): Promise<Engine> {
  const [port = 0] = await leasePorts(1);
  const place = { name, host: "127.0.0.1", port, dataDirectory, prefix: [] as string[] };
  // `prefix` is read at each start from the engine, where a fault may have changed it.
  const started = await startOwnEngine(part, {
    dataDirectory,
    port,
    log,
    prefix: () => place.prefix,
  });
  const { server, url, storeDirectory } = started;
  killAtExit(server.pid);
  return engineOf(Object.assign(place, { url, storeDirectory }), server);
}
