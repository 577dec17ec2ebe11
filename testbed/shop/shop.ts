import { rmSync } from "node:fs";
import { join } from "node:path";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { offerSimulated } from "../../local/up/offer-simulated.ts";
import { FACES, type FaceName } from "../../simulators/base/trades.ts";
import { type SimulatorsControl, simulatorsControl } from "../../simulators/providers/client.ts";
import { type SandboxControl, sandboxControl } from "../../simulators/sandbox/client.ts";
import { type Callers, callers } from "../calls/callers.ts";
import { temporaryDirectory } from "../engines/directories.ts";
import { freePorts } from "../engines/ports.ts";
import { newNamespace, removeNamespace } from "./namespace.ts";
import { openSchemas, type Row } from "./schemas.ts";
import { type ServiceProcess, serviceProcess } from "./service-process.ts";
import { addressSettings, listenSetting } from "./settings.ts";

/** Programs around the services; started on request. */
const EDGES = ["gateway", "sandbox", "simulators"] as const;
/** A program of the shop. */
export type Program = ServiceName | (typeof EDGES)[number];
const PROGRAMS: Program[] = [...SERVICES, ...EDGES];

/** Where each program listens, and each face of the simulators. */
type Places = Record<Program | FaceName, string>;

type ShopOptions = {
  /** Default: a new one, so that shops do not meet. */
  namespace?: string;
  /** The services to start. The address of another refuses connections. Default: all five. */
  services?: readonly ServiceName[];
  /**
   * Whether to start the sandbox provider, and the gateway that takes its callbacks. Default:
   * neither.
   */
  sandbox?: boolean;
  gateway?: boolean;
  /**
   * Whether to start the simulators of Alipay, WeChat Pay and Stripe, and let pay offer those that
   * take SHOP_CURRENCY, with the keys that the simulators make. Default: no.
   */
  simulators?: boolean;
  /** Settings of every program. */
  env?: Record<string, string>;
  /** Settings of one program, which win over those of all. */
  envOf?: Partial<Record<Program, Record<string, string>>>;
};

export type Shop = Callers & {
  namespace: string;
  /** gRPC targets; a restart does not change them. */
  addresses: Record<ServiceName, string>;
  /** The URL of the gateway, such as http://127.0.0.1:15001. */
  gatewayUrl: string;
  /** Inspects the sandbox provider and makes it misbehave. */
  sandbox: SandboxControl;
  /** Likewise of the simulators. Their restart keeps ledger, keys and clock. */
  simulators: SimulatorsControl;
  /**
   * Ends a program by a signal, by default SIGKILL. Resolves when it is gone to how it ended: "exit
   * 0", or the name of the signal.
   */
  kill(program: Program, signal?: NodeJS.Signals): Promise<string>;
  /** SIGSTOP and SIGCONT: the program hangs, and goes on. */
  freeze(program: Program): void;
  thaw(program: Program): void;
  /**
   * Restarts a program, or starts it, with more settings for this run. Resolves when it can be
   * called.
   */
  restart(program: Program, env?: Record<string, string>): Promise<void>;
  /** Resolves when the program has ended to how, for example after a failpoint. */
  ended(program: Program): Promise<string>;
  /** Undefined while the program is not running. */
  pid(program: Program): number | undefined;
  /** What the program has written so far, over all its runs. */
  output(program: Program): string;
  /** Runs a statement in the schema of a service. BIGINT columns are bigint. */
  sql<T = Row>(service: ServiceName, statement: string, parameters?: unknown[]): Promise<T[]>;
  /** Ends the programs, drops the schemas and deletes the streams. */
  stop(): Promise<void>;
};

/** Starts the services as processes on free ports, with the suite's database and broker. */
export async function startShop(options: ShopOptions = {}): Promise<Shop> {
  const namespace = options.namespace ?? newNamespace();
  const ports = await freePorts(PROGRAMS.length + FACES.length);
  const places = Object.fromEntries(
    [...PROGRAMS, ...FACES].map((program, index) => [program, `127.0.0.1:${ports[index]}`]),
  ) as Places;
  const directory = temporaryDirectory();
  const own = settingsOf(namespace, places, directory);
  const common = { ...process.env, ...own, ...options.env };
  const envOf = new Map<Program, NodeJS.ProcessEnv>(
    PROGRAMS.map((program) => [program, { ...common, ...options.envOf?.[program] }]),
  );
  const processes = new Map<Program, ServiceProcess>(
    [...envOf].map(([program, env]) => {
      const logFile = join(directory, `${program}.log`);
      return [program, serviceProcess({ service: program, env, logFile })];
    }),
  );
  const schemas = openSchemas(namespace);
  const clients = callers(places);
  const processOf = (program: Program) => processes.get(program) as ServiceProcess;
  const stop = async () => {
    clients.close();
    await Promise.all([...processes.values()].map((program) => program.end("SIGTERM")));
    await removeNamespace(namespace, { schemas });
    rmSync(directory, { recursive: true, force: true });
  };
  const shop: Shop = {
    ...clients,
    namespace,
    addresses: servicesOf(places),
    gatewayUrl: `http://${places.gateway}`,
    sandbox: sandboxControl(`http://${places.sandbox}`),
    simulators: simulatorsControl(`http://${places.simulators}`),
    kill: (program, signal = "SIGKILL") => processOf(program).end(signal),
    freeze: (program) => processOf(program).signal("SIGSTOP"),
    thaw: (program) => processOf(program).signal("SIGCONT"),
    restart: async (program, env) => {
      await processOf(program).end("SIGKILL");
      await processOf(program).start(env);
      if (!isService(program)) return;
      const died = processOf(program)
        .ended()
        .then((how) =>
          Promise.reject(new Error(`${program} ended before it was reachable (${how})`)),
        );
      await Promise.race([clients.untilReachable(program), died]);
    },
    ended: (program) => processOf(program).ended(),
    pid: (program) => processOf(program).pid(),
    output: (program) => processOf(program).output(),
    sql: schemas.sql,
    stop,
  };
  /** Pay starts after the simulators, whose first start makes the keys that it is configured with. */
  const offer = async () => {
    await processOf("simulators").start();
    await offerSimulated(shop.simulators.url, envOf.get("pay") ?? {});
  };
  try {
    const edges = EDGES.filter((edge) => options[edge] === true);
    const started = [...(options.services ?? SERVICES), ...edges];
    const offered = options.simulators === true ? offer() : undefined;
    const starting = started.map(async (program) => {
      if (program === "pay") await offered;
      await processOf(program).start();
    });
    await Promise.all([offered, ...starting]);
  } catch (error) {
    await stop();
    throw error;
  }
  return shop;
}

function isService(program: Program): program is ServiceName {
  return SERVICES.some((service) => service === program);
}

function servicesOf(places: Places): Record<ServiceName, string> {
  const services = SERVICES.map((service) => [service, places[service]]);
  return Object.fromEntries(services) as Record<ServiceName, string>;
}

function settingsOf(namespace: string, places: Places, directory: string) {
  const { gateway, sandbox, simulators } = places;
  const callbackUrl = `http://${gateway}/pay/callback`;
  const settings: Record<string, string> = {
    SHOP_ENV: "test",
    SHOP_NAMESPACE: namespace,
    SHOP_MYSQL_POOL: "6",
    SHOP_SANDBOX_STORE: join(directory, "sandbox.db"),
    SHOP_SANDBOX_URL: `http://${sandbox}`,
    // A callback without a success answer is repeated after 100 ms, 200 ms, 500 ms ...
    SHOP_SANDBOX_SCHEDULE_PERCENT: "10",
    SHOP_CALLBACK_URL: callbackUrl,
    SHOP_SIMULATORS_CONTROL_LISTEN: simulators,
    SHOP_SIMULATORS_STORE: join(directory, "simulators.db"),
    SHOP_SIMULATORS_KEYS: join(directory, "keys"),
    SHOP_SIMULATORS_STRIPE_WEBHOOK_URL: `${callbackUrl}/stripe`,
    // The first pauses are 150 ms at WeChat Pay, 2.4 s at Alipay and 3 s at Stripe.
    SHOP_SIMULATORS_SCHEDULE_PERCENT: "1",
    // All calls of a suite come from one address.
    SHOP_RATE_PER_USER: "0",
    SHOP_RATE_PER_ADDRESS: "0",
    SHOP_SIGN_IN_RATE: "0",
    SHOP_NETWORK_SHARE: "100",
    ...addressSettings(servicesOf(places)),
  };
  const listens = [
    ...[...SERVICES, "gateway" as const, "sandbox" as const].map((program) =>
      listenSetting(program, places[program]),
    ),
    ...FACES.map((face) => listenSetting(`simulators_${face}`, places[face])),
  ];
  return Object.assign(settings, ...listens) as Record<string, string>;
}
