import { rmSync } from "node:fs";
import { join } from "node:path";
import type { ServiceName } from "#proto/services.ts";
import { FACES } from "../../simulators/base/trades.ts";
import {
  type Accounts,
  type SimulatorsControl,
  simulatorsControl,
} from "../../simulators/providers/client.ts";
import { type SandboxControl, sandboxControl } from "../../simulators/sandbox/client.ts";
import { type Callers, callers } from "../calls/callers.ts";
import { atExit } from "../engines/at-exit.ts";
import { sweep, temporaryDirectory } from "../engines/directories.ts";
import { leasePorts } from "../engines/ports.ts";
import { openSchemas, type Row } from "../shop/schemas.ts";
import { type Edges, startEdges } from "./edges.ts";
import type { Brokers, Engine } from "./engine.ts";
import { startBrokers, startDatabase } from "./engines.ts";
import { edgesOf, PARTS, type Part, PLACES } from "./parts.ts";
import { type Program, programs } from "./programs.ts";
import { CURRENCY, NAMESPACE, placeSettings, SETTINGS, targets } from "./settings.ts";

/** How a system differs from the usual one. */
export type Topology = {
  /** @default "single" */
  broker?: "single" | "cluster3";
  /** Where the engines keep their data. Default: in the system's own directory. */
  databaseDirectory?: string;
  brokerDirectory?: string;
  /** Settings of every program. */
  env?: Record<string, string>;
  /** Settings by kind ("order") or name ("order2"); those of a name win. */
  envOf?: Record<string, Record<string, string>>;
};

/** The whole shop with two replicas of each service, its own engines, and a proxy on each edge. */
export type System = {
  namespace: string;
  /** Removed when the system stops. */
  directory: string;
  database: Engine;
  brokers: Brokers;
  programs: Program[];
  /** The program of a name such as "order1". */
  program(name: string): Program;
  edges: Edges;
  /** The services as shoppers reach them: any replica, through the edges of the load. */
  shop: Callers;
  /** The services past all proxies, for the judge. */
  direct: Callers;
  /** The sandbox provider past all proxies. */
  sandbox: SandboxControl;
  /** The sandbox provider as a shopper's browser reaches it. */
  checkout: SandboxControl;
  /** The simulators of the other providers, past all proxies. */
  simulators: SimulatorsControl;
  /** Runs a statement in the schema of a service, past the proxies. BIGINT columns are bigint. */
  sql<T = Row>(service: ServiceName, statement: string, parameters?: unknown[]): Promise<T[]>;
  /** The settings of the programs that a judge has to know. */
  settings: { abandonedAfterSeconds: number; payDeadlineSeconds: number; currency: string };
  /**
   * Repairs all: resumes and starts engines and programs, and ends the faults of edges, sandbox and
   * simulators.
   */
  mend(): Promise<void>;
  stop(): Promise<void>;
};

/** A kind of its own: another test run would take the directories of this one for leftovers. */
const DIRECTORIES = { prefix: "jetshop-fault-", programs: /mocha|test\/fault\// };

type Log = (line: string) => void;
/** What ends the parts that have been started, in the order of their start. */
type Stops = (() => Promise<unknown>)[];

export async function startSystem(topology: Topology = {}, log: Log = () => {}): Promise<System> {
  await sweep(DIRECTORIES);
  const directory = temporaryDirectory(DIRECTORIES);
  const stops: Stops = [];
  const clearAway = () => rmSync(directory, { recursive: true, force: true });
  const forget = atExit(clearAway);
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
    clearAway();
    forget();
  };
  try {
    const parts = await startParts({ topology, directory, log, stops });
    return { ...systemOf(parts, { topology, directory, stops }), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Parts = {
  database: Engine;
  brokers: Brokers;
  edges: Edges;
  running: Map<string, Program>;
  /** The address of a program past all proxies. */
  addressOf: (name: string) => string;
};

/** Starts engines, proxies and programs, in this order. */
async function startParts(run: {
  topology: Topology;
  directory: string;
  log: Log;
  stops: Stops;
}): Promise<Parts> {
  const { topology, directory, log, stops } = run;
  const { broker = "single", databaseDirectory, brokerDirectory } = topology;
  const database = await startDatabase({
    name: "database",
    dataDirectory: databaseDirectory ?? directory,
    log,
  });
  stops.push(() => database.stop());
  const brokers = await startBrokers(broker, { dataDirectory: brokerDirectory ?? directory, log });
  stops.push(() => brokers.stop());
  const engines = new Map([database, ...brokers.nodes].map((engine) => [engine.name, engine]));
  const ports = await leasePorts(PLACES.length);
  const portOf = new Map(PLACES.map((name, index) => [name, ports[index] ?? 0]));
  const portOfName = (name: string) => portOf.get(name) ?? 0;
  const brokerNames = brokers.nodes.map(({ name }) => name);
  const edges = await startEdges(edgesOf(brokerNames), (name) => {
    return engines.get(name) ?? { host: "127.0.0.1", port: portOfName(name) };
  });
  stops.push(() => edges.stop());
  const running = new Map<string, Program>();
  const start = async (parts: readonly Part[], accounts?: Accounts) => {
    const placed = { portOf: portOfName, edges, database, brokers, accounts };
    const started = programs(parts, directory, (name, kind) => ({
      ...SETTINGS,
      ...placeSettings({ name, kind, ...placed }),
      SHOP_SANDBOX_STORE: join(directory, "sandbox.db"),
      SHOP_SIMULATORS_STORE: join(directory, "simulators.db"),
      SHOP_SIMULATORS_KEYS: join(directory, "keys"),
      ...topology.env,
      ...topology.envOf?.[kind],
      ...topology.envOf?.[name],
    }));
    const own = [...started.values()];
    for (const program of own) running.set(program.name, program);
    stops.push(() => Promise.all(own.map((program) => program.end("SIGTERM"))));
    await Promise.all(own.map((program) => program.start()));
  };
  // First the simulators: pay is configured with the keys that they make.
  const isSimulators = ({ kind }: Part) => kind === "simulators";
  await start(PARTS.filter(isSimulators));
  const control = simulatorsControl(`http://127.0.0.1:${portOfName("simulators")}`);
  await start(
    PARTS.filter((part) => !isSimulators(part)),
    await control.accounts(),
  );
  return {
    database,
    brokers,
    edges,
    running,
    addressOf: (name) => `127.0.0.1:${portOf.get(name)}`,
  };
}

function systemOf(
  { database, brokers, edges, running, addressOf }: Parts,
  { topology, directory, stops }: { topology: Topology; directory: string; stops: Stops },
): Omit<System, "stop"> {
  const shop = callers(targets((name) => edges.edge("load", name).address));
  const direct = callers(targets(addressOf));
  const schemas = openSchemas(NAMESPACE, database.url);
  stops.push(async () => {
    shop.close();
    direct.close();
    await schemas.close();
  });
  const sandbox = sandboxControl(`http://${addressOf("sandbox")}`);
  const simulators = simulatorsControl(`http://${addressOf("simulators")}`);
  const engines = [database, ...brokers.nodes];
  const all = [...running.values()];
  const abandoned = topology.env?.SHOP_ABANDONED_AFTER_SECONDS;
  return {
    namespace: NAMESPACE,
    directory,
    database,
    brokers,
    programs: all,
    program(name) {
      const found = running.get(name);
      if (!found) throw new Error(`the system has no program ${name}`);
      return found;
    },
    edges,
    shop,
    direct,
    sandbox,
    checkout: sandboxControl(`http://${edges.edge("load", "sandbox").address}`),
    simulators,
    sql: schemas.sql,
    settings: {
      abandonedAfterSeconds: Number(abandoned ?? SETTINGS.SHOP_ABANDONED_AFTER_SECONDS),
      payDeadlineSeconds: Number(SETTINGS.SHOP_PAY_DEADLINE_SECONDS),
      currency: CURRENCY,
    },
    async mend() {
      for (const part of [...engines, ...all]) part.signal("SIGCONT");
      edges.mend();
      await brokers.network?.mend();
      await Promise.all(engines.map((engine) => engine.start()));
      await Promise.all(all.map((program) => program.start()));
      await sandbox.faults();
      await Promise.all(FACES.map((face) => simulators[face].faults()));
    },
  };
}
