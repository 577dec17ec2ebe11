import { rmSync } from "node:fs";
import { join } from "node:path";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { type SandboxControl, sandboxControl } from "../../simulators/sandbox/client.ts";
import { type Callers, callers } from "../calls/callers.ts";
import { sweep, temporaryDirectory } from "../shop/infrastructure.ts";
import { openSchemas, type Row } from "../shop/schemas.ts";
import { type Edges, startEdges } from "./edges.ts";
import { type Brokers, type Engine, startBrokers, startDatabase } from "./engines.ts";
import { atExit } from "./last-resort.ts";
import { ownPorts } from "./own-ports.ts";
import { edgesOf, isService, type Kind, PARTS } from "./parts.ts";
import { type Program, programs } from "./programs.ts";

/** What the system is like where a fault needs it otherwise. */
export type Topology = {
  /** Default "single". */
  broker?: "single" | "cluster3";
  /** Where the engines keep their data; default: in the system's own directory. */
  databaseDirectory?: string;
  brokerDirectory?: string;
  /** Settings of every program, and of those of one kind or name ("order", "order2"). */
  env?: Record<string, string>;
  envOf?: Record<string, Record<string, string>>;
};

/** The whole shop, each service twice, on engines of its own, with a proxy on every edge. */
export type System = {
  namespace: string;
  /** Removed with all that is in it when the system stops. */
  directory: string;
  database: Engine;
  brokers: Brokers;
  programs: Program[];
  /** By its name, such as "order1". */
  program(name: string): Program;
  edges: Edges;
  /** The services as shoppers reach them: through the load's edges, any replica. */
  shop: Callers;
  /** The same past all proxies, for the judge. */
  direct: Callers;
  /** The platform past all proxies, and as a shopper's browser reaches it. */
  sandbox: SandboxControl;
  checkout: SandboxControl;
  /** One statement in the schema of a service, past the proxies and all rules. BIGINT comes as bigint. */
  sql<T = Row>(service: ServiceName, statement: string, parameters?: unknown[]): Promise<T[]>;
  /** What settings the programs have that rules depend on. */
  settings: { abandonedAfterSeconds: number; payDeadlineSeconds: number; currency: string };
  /** Everything as it should be: engines and programs run and are not paused, edges pass, the platform behaves. */
  mend(): Promise<void>;
  stop(): Promise<void>;
};

const SETTINGS = {
  SHOP_ENV: "test",
  SHOP_LOG_LEVEL: "warn",
  // Ten processes share two cores and one database.
  SHOP_MYSQL_POOL: "4",
  // Waits that would only make a run longer, at their least.
  SHOP_ABANDONED_AFTER_SECONDS: "15",
  SHOP_PAYMENT_QUERY_MS: "2000",
  SHOP_REFUND_RETRY_MS: "500",
  SHOP_SANDBOX_SCHEDULE_PERCENT: "10",
  // Long enough to pay after an outage, short enough that a longer run sees it pass.
  SHOP_PAY_DEADLINE_SECONDS: "90",
};
/** Of their own, since other runs of the tests clear away what they take for left over. */
const OWNERS = { prefix: "jetshop-fault-", programs: /mocha|test\/fault\// };
const NAMESPACE = "fault";
const CURRENCY = "EUR";

export async function startSystem(
  topology: Topology = {},
  log: (line: string) => void = () => {},
): Promise<System> {
  await sweep(OWNERS);
  const directory = temporaryDirectory(OWNERS);
  const stops: (() => Promise<unknown>)[] = [];
  const clearAway = () => rmSync(directory, { recursive: true, force: true });
  const forget = atExit(clearAway);
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
    clearAway();
    forget();
  };
  try {
    return await assemble({ topology, directory, log, stops, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

type Assembly = {
  topology: Topology;
  directory: string;
  log: (line: string) => void;
  /** What ends the parts that run already, run in the opposite order. */
  stops: (() => Promise<unknown>)[];
  stop: () => Promise<void>;
};

async function assemble({ topology, directory, log, stops, stop }: Assembly): Promise<System> {
  const { broker = "single", databaseDirectory, brokerDirectory } = topology;
  const database = await startDatabase({
    name: "database",
    dataDirectory: databaseDirectory ?? directory,
    log,
  });
  stops.push(() => database.stop());
  const brokers = await startBrokers(broker, { dataDirectory: brokerDirectory ?? directory, log });
  stops.push(() => brokers.stop());
  const engines = [database, ...brokers.nodes];
  const ports = await ownPorts(PARTS.length);
  const portOf = new Map(PARTS.map(({ name }, index) => [name, ports[index] ?? 0]));
  const edges = await startEdges(edgesOf(brokers.nodes.map(({ name }) => name)), (name) => {
    const engine = engines.find((one) => one.name === name);
    return engine ?? { host: "127.0.0.1", port: portOf.get(name) ?? 0 };
  });
  stops.push(() => edges.stop());
  const running = programs(directory, (name, kind) => ({
    ...SETTINGS,
    ...settingsOf({ name, kind, edges, database, brokers, port: portOf.get(name) ?? 0 }),
    SHOP_SANDBOX_STORE: join(directory, "sandbox.db"),
    ...topology.env,
    ...topology.envOf?.[kind],
    ...topology.envOf?.[name],
  }));
  stops.push(() => Promise.all([...running.values()].map((program) => program.end("SIGTERM"))));
  await Promise.all([...running.values()].map((program) => program.start()));
  const shop = callers(addresses((name) => edges.edge("load", name).address));
  const direct = callers(addresses((name) => `127.0.0.1:${portOf.get(name)}`));
  const schemas = openSchemas(NAMESPACE, database.url);
  stops.push(async () => {
    shop.close();
    direct.close();
    await schemas.close();
  });
  const sandbox = sandboxControl(`http://127.0.0.1:${portOf.get("sandbox")}`);
  const program = (name: string) => {
    const found = running.get(name);
    if (!found) throw new Error(`there is no program ${name}`);
    return found;
  };
  const abandoned = topology.env?.SHOP_ABANDONED_AFTER_SECONDS;
  return {
    namespace: NAMESPACE,
    directory,
    database,
    brokers,
    programs: [...running.values()],
    program,
    edges,
    shop,
    direct,
    sandbox,
    checkout: sandboxControl(`http://${edges.edge("load", "sandbox").address}`),
    sql: schemas.sql,
    settings: {
      abandonedAfterSeconds: Number(abandoned ?? SETTINGS.SHOP_ABANDONED_AFTER_SECONDS),
      payDeadlineSeconds: Number(SETTINGS.SHOP_PAY_DEADLINE_SECONDS),
      currency: CURRENCY,
    },
    async mend() {
      for (const { signal } of [...engines, ...running.values()]) signal("SIGCONT");
      edges.mend();
      await brokers.network?.mend();
      await Promise.all(engines.map((engine) => engine.start()));
      await Promise.all([...running.values()].map((one) => one.start()));
      await sandbox.faults();
    },
    stop,
  };
}

/** gRPC targets that name all replicas. */
function addresses(placeOf: (name: string) => string): Record<ServiceName, string> {
  const target = (kind: ServiceName) => {
    const replicas = PARTS.filter((part) => part.kind === kind);
    return `ipv4:${replicas.map(({ name }) => placeOf(name)).join(",")}`;
  };
  return Object.fromEntries(SERVICES.map((kind) => [kind, target(kind)])) as Record<
    ServiceName,
    string
  >;
}

type Own = {
  name: string;
  kind: Kind;
  edges: Edges;
  database: Engine;
  brokers: Brokers;
  port: number;
};

/** Where one program listens, and where it finds the others: at its own proxies. */
function settingsOf({ name, kind, edges, database, brokers, port }: Own): Record<string, string> {
  const through = (to: string) => edges.edge(name, to).address;
  const settings: Record<string, string> = {
    SHOP_NAMESPACE: NAMESPACE,
    SHOP_CURRENCY: CURRENCY,
    [`SHOP_${kind.toUpperCase()}_LISTEN`]: `127.0.0.1:${port}`,
    // The gateway is where the platform finds it.
    SHOP_CALLBACK_URL: `http://${edges.edge("sandbox", "gateway").address}/pay/callback`,
  };
  for (const service of SERVICES) {
    const replicas = edges.select({ from: name, to: service });
    if (replicas.length === 0) continue;
    const target = `ipv4:${replicas.map(({ address }) => address).join(",")}`;
    settings[`SHOP_${service.toUpperCase()}_ADDRESS`] = target;
  }
  if (kind === "pay") settings.SHOP_SANDBOX_URL = `http://${through("sandbox")}`;
  if (!isService(kind)) return settings;
  settings.SHOP_MYSQL_URL = at(database.url, through("database"));
  settings.SHOP_NATS_URL = brokers.nodes.map((node) => at(node.url, through(node.name))).join(",");
  settings.SHOP_NATS_REPLICAS = String(brokers.replicas);
  return settings;
}

/** The same login at another address. */
function at(url: string, address: string): string {
  const changed = new URL(url);
  const [host = "", port = ""] = address.split(":");
  changed.hostname = host;
  changed.port = port;
  return changed.href;
}
