import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { SERVICES, type ServiceName } from "#platform/process/common-settings.ts";
import { freePorts } from "../../ops/infrastructure/ports.ts";
import { type Callers, callers } from "./callers.ts";
import { temporaryDirectory } from "./infrastructure.ts";
import { openSchemas, type Row, type Schemas } from "./schemas.ts";
import { type ServiceProcess, serviceProcess } from "./service-process.ts";
import { deleteStreams } from "./streams.ts";

export type ShopOptions = {
  /** Default: a fresh one, so that suites never meet. */
  namespace?: string;
  /** Which services to start; the others have an address where nobody answers. Default: all five. */
  services?: readonly ServiceName[];
  /** Settings of every service. */
  env?: Record<string, string>;
  /** Settings of one. */
  envOf?: Partial<Record<ServiceName, Record<string, string>>>;
};

export type Shop = Callers & {
  namespace: string;
  /** gRPC targets; they stay the same over a restart. */
  addresses: Record<ServiceName, string>;
  /** Ends a service by a signal (default SIGKILL) and resolves when it is gone to how: "exit 0", "SIGKILL". */
  kill(service: ServiceName, signal?: NodeJS.Signals): Promise<string>;
  /** SIGSTOP and SIGCONT: a service that hangs. */
  freeze(service: ServiceName): void;
  thaw(service: ServiceName): void;
  /** Starts it, after ending it if it runs, with more settings for this run of it. Waits until it is ready. */
  restart(service: ServiceName, env?: Record<string, string>): Promise<void>;
  /** Resolves when it has ended by itself, for example at a failpoint, to how. */
  ended(service: ServiceName): Promise<string>;
  /** What it has written so far, over all its runs. */
  output(service: ServiceName): string;
  /** One statement in the schema of a service, past all rules. BIGINT comes as bigint. */
  sql<T = Row>(service: ServiceName, statement: string, parameters?: unknown[]): Promise<T[]>;
  /** Ends everything, drops the schemas, deletes the streams. */
  stop(): Promise<void>;
};

/** Starts the services as processes of their own, on free ports, against the suite's database and broker. */
export async function startShop(options: ShopOptions = {}): Promise<Shop> {
  const namespace = options.namespace ?? `t${randomBytes(5).toString("hex")}`;
  const ports = await freePorts(SERVICES.length);
  const addresses = Object.fromEntries(
    SERVICES.map((service, index) => [service, `127.0.0.1:${ports[index]}`]),
  ) as Record<ServiceName, string>;
  const logs = temporaryDirectory();
  const common = { ...process.env, ...settingsOf(namespace, addresses), ...options.env };
  const processes = new Map<ServiceName, ServiceProcess>(
    SERVICES.map((service) => {
      const env = { ...common, ...options.envOf?.[service] };
      return [service, serviceProcess({ service, env, logFile: join(logs, `${service}.log`) })];
    }),
  );
  const schemas = openSchemas(namespace);
  const clients = callers(addresses);
  const processOf = (service: ServiceName) => processes.get(service) as ServiceProcess;
  const stop = async () => {
    clients.close();
    await Promise.all([...processes.values()].map((service) => service.end("SIGTERM")));
    await clearAway(namespace, schemas);
    rmSync(logs, { recursive: true, force: true });
  };
  const shop: Shop = {
    ...clients,
    namespace,
    addresses,
    kill: (service, signal = "SIGKILL") => processOf(service).end(signal),
    freeze: (service) => processOf(service).signal("SIGSTOP"),
    thaw: (service) => processOf(service).signal("SIGCONT"),
    restart: async (service, env) => {
      await processOf(service).end("SIGKILL");
      await processOf(service).start(env);
      const ended = processOf(service).ended();
      const died = ended.then((how) => {
        throw new Error(`${service} ended before it could be reached (${how})`);
      });
      await Promise.race([clients.untilReachable(service), died]);
    },
    ended: (service) => processOf(service).ended(),
    output: (service) => processOf(service).output(),
    sql: schemas.sql,
    stop,
  };
  try {
    await Promise.all((options.services ?? SERVICES).map((service) => processOf(service).start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return shop;
}

function settingsOf(namespace: string, addresses: Record<ServiceName, string>) {
  const settings: Record<string, string> = {
    SHOP_ENV: "test",
    SHOP_NAMESPACE: namespace,
    SHOP_MYSQL_POOL: "6",
  };
  for (const service of SERVICES) {
    settings[`SHOP_${service.toUpperCase()}_LISTEN`] = addresses[service];
    settings[`SHOP_${service.toUpperCase()}_ADDRESS`] = addresses[service];
  }
  return settings;
}

async function clearAway(namespace: string, schemas: Schemas): Promise<void> {
  try {
    await schemas.drop();
  } finally {
    await schemas.close();
  }
  await deleteStreams(namespace);
}
