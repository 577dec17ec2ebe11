import { rmSync } from "node:fs";
import { join } from "node:path";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { type DirectoryKind, temporaryDirectory } from "../engines/directories.ts";
import type { Engines } from "../engines/engines.ts";
import { freePorts } from "../engines/ports.ts";
import { newNamespace, removeNamespace } from "../shop/namespace.ts";
import { openSchemas, type Schemas } from "../shop/schemas.ts";
import { serviceProcess } from "../shop/service-process.ts";
import { addressSettings, listenSetting, withoutSettings } from "../shop/settings.ts";
import { isSettled } from "./settled.ts";

const EDGES = ["gateway", "sandbox"] as const;
type Program = ServiceName | (typeof EDGES)[number];
type Place = { program: Program; name: string; address: string };

type DeploymentOptions = {
  /** Processes of each service. @default 1 */
  replicas?: number;
  /** Whether the gateway and the sandbox provider run, too. @default false */
  paying?: boolean;
  /** Where logs and the sandbox's store are kept. */
  directoryKind: DirectoryKind;
  /** More settings of one process, by its name; `directory` is removed with the deployment. */
  envOf?: (process: { name: string; directory: string }) => Record<string, string>;
};

/**
 * The shop with its default settings, as a person would deploy it: the settings that differ only
 * say where engines and programs are.
 */
export type Deployment = {
  namespace: string;
  /** gRPC targets, each with all replicas. */
  addresses: Record<ServiceName, string>;
  gatewayUrl: string;
  sandboxUrl: string;
  /** Removed when the deployment stops. */
  directory: string;
  sql: Schemas["sql"];
  /** The first replica of a service has the service's name, the others "order-2", "order-3" ... */
  processes(): { program: Program; name: string; pid: number }[];
  ports(): number[];
  /** Whether all that was begun before this time has had its effect in every service. */
  settled(before: Date): Promise<boolean>;
  /** Ends the processes, drops the schemas and deletes the streams. */
  stop(): Promise<void>;
};

export async function startDeployment(
  engines: Pick<Engines, "mysqlUrl" | "natsUrl">,
  options: DeploymentOptions,
): Promise<Deployment> {
  const { replicas = 1, paying = false, directoryKind, envOf = () => ({}) } = options;
  const namespace = newNamespace();
  const places = await placesOf(replicas, paying);
  const addressOf = (program: Program) => targetOf(places, program);
  const gatewayUrl = `http://${addressOf("gateway")}`;
  const sandboxUrl = `http://${addressOf("sandbox")}`;
  const addresses = Object.fromEntries(
    SERVICES.map((service) => [service, addressOf(service)]),
  ) as Record<ServiceName, string>;
  const directory = temporaryDirectory(directoryKind);
  const common = {
    ...withoutSettings(process.env),
    SHOP_MYSQL_URL: engines.mysqlUrl,
    SHOP_NATS_URL: engines.natsUrl,
    SHOP_NAMESPACE: namespace,
    SHOP_SANDBOX_URL: sandboxUrl,
    SHOP_SANDBOX_STORE: join(directory, "sandbox.db"),
    SHOP_CALLBACK_URL: `${gatewayUrl}/pay/callback`,
    ...addressSettings(addresses),
  };
  const processes = places.map(({ program, name, address }) => {
    const own = { ...listenSetting(program, address), ...envOf({ name, directory }) };
    const logFile = join(directory, `${name}.log`);
    const env = { ...common, ...own };
    return { program, name, process: serviceProcess({ service: program, env, logFile }) };
  });
  const schemas = openSchemas(namespace, engines.mysqlUrl);
  const stop = async () => {
    await Promise.all(processes.map(({ process }) => process.end("SIGTERM")));
    await removeNamespace(namespace, { schemas, natsUrl: engines.natsUrl });
    rmSync(directory, { recursive: true, force: true });
  };
  const startAll = (of: typeof processes) => Promise.all(of.map(({ process }) => process.start()));
  try {
    // The first replica of each service makes the schema, and the others find it.
    await startAll(processes.filter(({ program, name }) => program === name));
    await startAll(processes.filter(({ program, name }) => program !== name));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    namespace,
    addresses,
    gatewayUrl,
    sandboxUrl,
    directory,
    sql: schemas.sql,
    processes: () =>
      processes.map(({ program, name, process }) => ({ program, name, pid: process.pid() ?? 0 })),
    ports: () => places.map(({ address }) => Number(address.split(":").at(-1))),
    settled: (before) => isSettled(schemas.sql, before),
    stop,
  };
}

/** Each process with an address of its own. */
async function placesOf(replicas: number, paying: boolean): Promise<Place[]> {
  const named = [
    ...Array.from({ length: replicas }, (_, index) =>
      SERVICES.map((program) => ({ program, name: index ? `${program}-${index + 1}` : program })),
    ).flat(),
    ...(paying ? EDGES.map((program) => ({ program, name: program })) : []),
  ];
  const ports = await freePorts(named.length);
  return named.map((one, index) => ({ ...one, address: `127.0.0.1:${ports[index]}` }));
}

/** A gRPC target of all replicas; an address that refuses connections for a program that is off. */
function targetOf(places: readonly Place[], program: Program): string {
  const found = places.filter((place) => place.program === program).map(({ address }) => address);
  if (found.length === 0) return "127.0.0.1:9";
  return found.length === 1 ? (found[0] ?? "") : `ipv4:${found.join(",")}`;
}
