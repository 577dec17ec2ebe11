import { rmSync } from "node:fs";
import { join } from "node:path";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { type SandboxControl, sandboxControl } from "../../simulators/sandbox/client.ts";
import { type Callers, callers } from "../calls/callers.ts";
import { temporaryDirectory } from "../engines/directories.ts";
import { freePorts } from "../engines/ports.ts";
import { newNamespace, removeNamespace } from "./namespace.ts";
import { openSchemas, type Row } from "./schemas.ts";
import { type ServiceProcess, serviceProcess } from "./service-process.ts";
import { addressSettings, listenSetting } from "./settings.ts";

/** Around the services; started where a shop is asked for it. */
const EDGES = ["gateway", "sandbox"] as const;
/** A program of the shop. */
export type Program = ServiceName | (typeof EDGES)[number];
const PROGRAMS: Program[] = [...SERVICES, ...EDGES];

type ShopOptions = {
  /** Default: a fresh one, so that suites never meet. */
  namespace?: string;
  /** Which services to start; the others have an address where nobody answers. Default: all five. */
  services?: readonly ServiceName[];
  /** Whether to start the payment platform, and the gateway that takes its callbacks. Default: neither. */
  sandbox?: boolean;
  gateway?: boolean;
  /** Settings of every program. */
  env?: Record<string, string>;
  /** Settings of one. */
  envOf?: Partial<Record<Program, Record<string, string>>>;
};

export type Shop = Callers & {
  namespace: string;
  /** gRPC targets; they stay the same over a restart. */
  addresses: Record<ServiceName, string>;
  /** The gateway, as http://host:port. */
  gatewayUrl: string;
  /** What the payment platform knows, and what it does wrong. */
  sandbox: SandboxControl;
  /** Ends a program by a signal (default SIGKILL) and resolves when it is gone to how: "exit 0", "SIGKILL". */
  kill(program: Program, signal?: NodeJS.Signals): Promise<string>;
  /** SIGSTOP and SIGCONT: a service that hangs. */
  freeze(program: Program): void;
  thaw(program: Program): void;
  /** Starts it, after ending it if it runs, with more settings for this run of it. Waits until it is ready. */
  restart(program: Program, env?: Record<string, string>): Promise<void>;
  /** Resolves when it has ended by itself, for example at a failpoint, to how. */
  ended(program: Program): Promise<string>;
  /** Of a program that runs. */
  pid(program: Program): number | undefined;
  /** What it has written so far, over all its runs. */
  output(program: Program): string;
  /** One statement in the schema of a service, past all rules. BIGINT comes as bigint. */
  sql<T = Row>(service: ServiceName, statement: string, parameters?: unknown[]): Promise<T[]>;
  /** Ends everything, drops the schemas, deletes the streams. */
  stop(): Promise<void>;
};

/** Starts the services as processes of their own, on free ports, against the suite's database and broker. */
export async function startShop(options: ShopOptions = {}): Promise<Shop> {
  const namespace = options.namespace ?? newNamespace();
  const ports = await freePorts(PROGRAMS.length);
  const places = Object.fromEntries(
    PROGRAMS.map((program, index) => [program, `127.0.0.1:${ports[index]}`]),
  ) as Record<Program, string>;
  const { gateway, sandbox, ...addresses } = places;
  const directory = temporaryDirectory();
  const own = settingsOf(namespace, places, join(directory, "sandbox.db"));
  const common = { ...process.env, ...own, ...options.env };
  const processes = new Map<Program, ServiceProcess>(
    PROGRAMS.map((program) => {
      const env = { ...common, ...options.envOf?.[program] };
      const logFile = join(directory, `${program}.log`);
      return [program, serviceProcess({ service: program, env, logFile })];
    }),
  );
  const schemas = openSchemas(namespace);
  const clients = callers(addresses);
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
    addresses,
    gatewayUrl: `http://${gateway}`,
    sandbox: sandboxControl(`http://${sandbox}`),
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
          Promise.reject(new Error(`${program} ended before it was reached (${how})`)),
        );
      await Promise.race([clients.untilReachable(program), died]);
    },
    ended: (program) => processOf(program).ended(),
    pid: (program) => processOf(program).pid(),
    output: (program) => processOf(program).output(),
    sql: schemas.sql,
    stop,
  };
  try {
    const edges = EDGES.filter((edge) => options[edge] === true);
    const started = [...(options.services ?? SERVICES), ...edges];
    await Promise.all(started.map((program) => processOf(program).start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return shop;
}

function isService(program: Program): program is ServiceName {
  return SERVICES.some((service) => service === program);
}

function settingsOf(namespace: string, places: Record<Program, string>, sandboxStore: string) {
  const { gateway, sandbox, ...services } = places;
  const settings: Record<string, string> = {
    SHOP_ENV: "test",
    SHOP_NAMESPACE: namespace,
    SHOP_MYSQL_POOL: "6",
    SHOP_SANDBOX_STORE: sandboxStore,
    SHOP_SANDBOX_URL: `http://${sandbox}`,
    // A callback that was not answered is repeated after 100 ms, 200 ms, 500 ms ...
    SHOP_SANDBOX_SCHEDULE_PERCENT: "10",
    SHOP_CALLBACK_URL: `http://${gateway}/pay/callback`,
    // All of a suite's calls come from one address.
    SHOP_RATE_PER_USER: "0",
    SHOP_RATE_PER_ADDRESS: "0",
    SHOP_SIGN_IN_RATE: "0",
    ...addressSettings(services),
  };
  const listens = PROGRAMS.map((program) => listenSetting(program, places[program]));
  return Object.assign(settings, ...listens) as Record<string, string>;
}
