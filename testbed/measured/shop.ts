import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { countingEnv, readCounts } from "../../bench/measure/counts.ts";
import { portOf } from "../../bench/measure/meter.ts";
import type { Catalog, Engines, Running } from "../../bench/target.ts";
import { freePorts } from "../../local/engines/ports.ts";
import { temporaryDirectory } from "../shop/infrastructure.ts";
import { openSchemas, type Schemas } from "../shop/schemas.ts";
import { type ServiceProcess, serviceProcess } from "../shop/service-process.ts";
import { deleteStreams } from "../shop/streams.ts";
import { withoutSettings } from "./environment.ts";
import { insertCatalog } from "./stock.ts";

export type RunningShop = Running & {
  namespace: string;
  /** gRPC targets, with all replicas. */
  addresses: Record<ServiceName, string>;
  gatewayUrl: string;
  sandboxUrl: string;
  sql: Schemas["sql"];
};

export type ShopOptions = {
  /** Of each service. Default 1. */
  replicas?: number;
  /** Whether gateway and payment platform run, too. Default false. */
  paying?: boolean;
};

const EDGES = ["gateway", "sandbox"] as const;
type Program = ServiceName | (typeof EDGES)[number];
type Place = { program: Program; name: string; address: string };

/** Starts the real system with its default settings: only where things are is told. */
export async function startShop(
  engines: Engines,
  catalog: Catalog,
  { replicas = 1, paying = false }: ShopOptions = {},
): Promise<RunningShop> {
  const namespace = `b${randomBytes(5).toString("hex")}`;
  const places = await placesOf(replicas, paying);
  const addressOf = (program: Program) => targetOf(places, program);
  const gatewayUrl = `http://${addressOf("gateway")}`;
  const sandboxUrl = `http://${addressOf("sandbox")}`;
  const addresses = Object.fromEntries(
    SERVICES.map((service) => [service, addressOf(service)]),
  ) as Record<ServiceName, string>;
  const directory = temporaryDirectory({ prefix: "jetshop-bench-shop-", programs: /mocha|bench/ });
  const common = {
    ...withoutSettings(process.env),
    SHOP_MYSQL_URL: engines.mysqlUrl,
    SHOP_NATS_URL: engines.natsUrl,
    SHOP_NAMESPACE: namespace,
    SHOP_SANDBOX_URL: sandboxUrl,
    SHOP_SANDBOX_STORE: join(directory, "sandbox.db"),
    SHOP_CALLBACK_URL: `${gatewayUrl}/pay/callback`,
    ...Object.fromEntries(
      SERVICES.map((service) => [`SHOP_${service.toUpperCase()}_ADDRESS`, addresses[service]]),
    ),
  };
  const processes = places.map(({ program, name, address }) => {
    const listen = { [`SHOP_${program.toUpperCase()}_LISTEN`]: address };
    const env = { ...common, ...listen, ...countingEnv(directory, name) };
    const logFile = join(directory, `${name}.log`);
    return { program, name, process: serviceProcess({ service: program, env, logFile }) };
  });
  const schemas = openSchemas(namespace, engines.mysqlUrl);
  const running = () =>
    processes.map(({ program, name, process }) => ({ program, name, pid: process.pid() ?? 0 }));
  const services = () =>
    running().filter(({ program }) => program !== "gateway" && program !== "sandbox");
  const stop = async () => {
    await Promise.all(processes.map(({ process }) => process.end("SIGTERM")));
    try {
      await schemas.drop();
    } finally {
      await schemas.close();
    }
    await deleteStreams(namespace, engines.natsUrl);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    // The first of each makes the schema; the others find it there.
    await startAll(processes.filter(({ name }) => !name.includes("-")));
    await startAll(processes.filter(({ name }) => name.includes("-")));
    await insertCatalog(schemas, catalog);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    orderAddress: addresses.order,
    processes: () => running().map(({ name, pid }) => ({ name, pid })),
    ports: () => places.map(({ address }) => portOf(address)),
    calls: () => readCounts(directory, services()),
    stop,
    namespace,
    addresses,
    gatewayUrl,
    sandboxUrl,
    sql: schemas.sql,
    settled: (before) => isSettled(schemas, before),
  };
}

/** "order", "order-2", "order-3" ...: each with an address of its own. */
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

/** As gRPC's resolver for a list of addresses takes them; nobody answers where the program does not run. */
function targetOf(places: readonly Place[], program: Program): string {
  const found = places.filter((place) => place.program === program).map(({ address }) => address);
  if (found.length === 0) return "127.0.0.1:9";
  return found.length === 1 ? (found[0] ?? "") : `ipv4:${found.join(",")}`;
}

async function startAll(processes: readonly { process: ServiceProcess }[]): Promise<void> {
  await Promise.all(processes.map(({ process }) => process.start()));
}

/** Whether every order of that time has its outcome and every event has reached all who consume it. */
async function isSettled({ sql }: Pick<Schemas, "sql">, before: Date): Promise<boolean> {
  // As the columns have it: UTC, without saying so.
  const time = before.toISOString().slice(0, 23).replace("T", " ");
  const open = "select 1 from outbox where state in (1, 2) and create_time <= ? limit 1";
  for (const service of SERVICES) {
    if ((await sql(service, open, [time])).length > 0) return false;
  }
  const pending = "select 1 from orders where order_status = 1 and create_time <= ? limit 1";
  return (await sql("order", pending, [time])).length === 0;
}
