import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { makeFolder } from "#platform/settings/folders.ts";
import type { Program } from "../../local/engines/choice.ts";
import { privateServer } from "../../local/engines/private-server.ts";
import { probeBroker } from "../../local/engines/probes.ts";
import { keptSecret } from "../../local/engines/secrets.ts";
import { SetupError } from "../../local/engines/setup-error.ts";
import { isAtLeast, versionNumbers } from "../../local/engines/versions.ts";
import { brokerProgram } from "../engines/own-engine.ts";
import { leasePorts } from "../engines/ports.ts";
import { openBroker } from "./broker.ts";
import { type Brokers, type Engine, type EngineOptions, engineOf } from "./engine.ts";
import { type Host, type Network, startNetwork } from "./network.ts";

const NAMES = ["broker1", "broker2", "broker3"];
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 250;

type Node = { host: Host; port: number; routePort: number };
type Common = Omit<EngineOptions, "name"> & { program: Program; password: string; nodes: Node[] };

/**
 * Starts three nats-servers that keep three copies of each stream, each on a host of its own. Needs
 * "namespaces".
 */
export async function startCluster(options: Omit<EngineOptions, "name">): Promise<Brokers> {
  const program = await brokerProgram(options.log);
  const network = await startNetwork(NAMES);
  // Different ports, because a start checks that the port is free on this machine.
  const [routePort = 0, ...ports] = await leasePorts(1 + NAMES.length);
  const nodes = network.hosts.map((host, index) => ({ host, port: ports[index] ?? 0, routePort }));
  const password = keptSecret(options.dataDirectory, "broker");
  const engines = nodes.map((node) => startNode(node, { ...options, program, password, nodes }));
  const stop = async () => {
    await Promise.all(engines.map((engine) => engine.stop()));
    await network.remove();
  };
  try {
    await Promise.all(engines.map((engine) => engine.start()));
    await untilLed(engines);
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes: engines, replicas: NAMES.length, network, stop };
}

function startNode({ host, port, routePort }: Node, common: Common): Engine {
  const { dataDirectory, password, program, log } = common;
  const directory = join(dataDirectory, host.name);
  makeFolder(directory, { mode: 0o700 });
  const storeDirectory = join(directory, "store");
  const configuration = join(directory, "nats.conf");
  writeFileSync(
    configuration,
    configurationOf({ host, port, routePort }, { ...common, storeDirectory }),
    {
      mode: 0o600,
    },
  );
  const url = `nats://shop:${password}@${host.address}:${port}`;
  const engine = {
    name: host.name,
    url,
    host: host.address,
    port,
    dataDirectory: directory,
    storeDirectory,
    prefix: host.prefix,
  };
  const server = privateServer({
    name: host.name,
    command: program.path,
    args: ["--config", configuration],
    prefix: () => engine.prefix,
    mark: configuration,
    directory,
    port,
    probe: () => probeBroker(url),
    readyWithinMs: READY_WITHIN_MS,
    stopWithinMs: STOP_WITHIN_MS,
    log,
  });
  return engineOf(engine, server);
}

function configurationOf(
  { host, port, routePort }: Node,
  { password, program, nodes, storeDirectory }: Common & { storeDirectory: string },
): string {
  const always = isAtLeast(versionNumbers(program.version), [2, 10, 0]);
  const routes = nodes.map((node) => `"nats-route://${node.host.address}:${node.routePort}"`);
  return `host: "${host.address}"
port: ${port}
server_name: "${host.name}"
jetstream {
  store_dir: ${JSON.stringify(storeDirectory)}
${always ? "  sync_interval: always\n" : ""}}
cluster {
  name: "fault"
  host: "${host.address}"
  port: ${routePort}
  # Clients come through the proxies alone.
  no_advertise: true
  routes: [${routes.join(", ")}]
}
authorization {
  user: "shop"
  password: "${password}"
}
`;
}

/** Waits for a leader: the nodes accept logins before they have elected one. */
async function untilLed(nodes: readonly Engine[]): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const operator = await openBroker(nodes);
    try {
      await operator.manager.getAccountInfo();
      return;
    } catch (error) {
      if (Date.now() > deadline)
        throw new SetupError(
          `the cluster has elected no leader in ${READY_WITHIN_MS / 1_000} s: ${error}`,
        );
    } finally {
      await operator.close();
    }
    await pause(LOOK_EVERY_MS);
  }
}

/** The network between the brokers; throws when they are not a cluster. */
export function networkOf({ network }: Brokers): Network {
  if (!network) throw new Error("the brokers are not a cluster");
  return network;
}
