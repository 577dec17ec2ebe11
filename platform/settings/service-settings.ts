import { LOG_LEVELS, type LogLevel } from "./log-levels.ts";
import type { SettingsReader } from "./settings.ts";
import { type TlsSettings, tlsSettings } from "./tls-settings.ts";
import { type TokenSettings, tokenSettings } from "./token-settings.ts";

export const ENVIRONMENTS = ["development", "test", "production"] as const;
type Environment = (typeof ENVIRONMENTS)[number];

/** The settings of every program that calls services. */
export type ClientSettings<Name extends string = string> = {
  env: Environment;
  logLevel: LogLevel;
  /** Prefix of schemas, subjects and streams; several shops can share a server and a broker. */
  namespace: string;
  host: string;
  portBase: number;
  /** The gRPC target of each service. */
  addresses: Record<Name, string>;
  tokens: TokenSettings;
  tls: TlsSettings | undefined;
};

/** The settings that all services have. */
export type ServiceSettings<Name extends string = string> = ClientSettings<Name> & {
  service: Name;
  /** The position in the list of services. It gives the default port and the snowflake workers. */
  serviceNumber: number;
  mysql: { url: string; schema: string; pool: number };
  /** The credentials of the first server are used for all. */
  nats: { servers: string[]; replicas: number };
  listen: { host: string; port: number };
  failpoint: string | undefined;
};

/** The default port of a service, with numbers from 0. The gateway has `portBase` itself. */
function defaultPort(portBase: number, serviceNumber: number): number {
  return portBase + 1 + serviceNumber;
}

export function isProduction(read: SettingsReader): boolean {
  return read.choice("SHOP_ENV", ENVIRONMENTS, "development") === "production";
}

/** `services` are the names of all services, in the order of their numbers. */
export function clientSettings<Name extends string>(
  read: SettingsReader,
  services: readonly Name[],
  rule: { serves: boolean } = { serves: false },
): ClientSettings<Name> {
  const env = read.choice("SHOP_ENV", ENVIRONMENTS, "development");
  const production = env === "production";
  const host = read.text("SHOP_HOST", { default: "127.0.0.1", pattern: /^\S+$/ });
  const portBase = read.integer("SHOP_PORT_BASE", { default: 50_050, min: 1_024, max: 65_000 });
  const addresses = Object.fromEntries(
    services.map((service, number) => [
      service,
      read.text(`SHOP_${service.toUpperCase()}_ADDRESS`, {
        default: `${host}:${defaultPort(portBase, number)}`,
        pattern: /^\S+$/,
      }),
    ]),
  ) as Record<Name, string>;
  return {
    env,
    logLevel: read.choice("SHOP_LOG_LEVEL", LOG_LEVELS, "info"),
    namespace: read.text("SHOP_NAMESPACE", {
      default: "shop",
      pattern: /^[a-z][a-z0-9]{0,31}$/,
      shape: "must be 1 to 32 small letters and digits, a letter first",
    }),
    host,
    portBase,
    addresses,
    tokens: tokenSettings(read, production),
    tls: tlsSettings(read, { production, serves: rule.serves }),
  };
}

/** In production, a default that is not secure is a fault. */
export function serviceSettings<Name extends string>(
  read: SettingsReader,
  services: readonly Name[],
  service: NoInfer<Name>,
): ServiceSettings<Name> {
  const client = clientSettings(read, services, { serves: true });
  const serviceNumber = services.indexOf(service);
  const { env, namespace, host, portBase, tokens } = client;
  const production = env === "production";
  if (!tokens.service.signing) read.fault("SHOP_SERVICE_PRIVATE_KEY: must be set for a service");
  const failpoint = read.optional("SHOP_FAILPOINT");
  if (failpoint !== undefined && production) {
    read.fault("SHOP_FAILPOINT: must not be set in production");
  }
  const listen = `SHOP_${service.toUpperCase()}_LISTEN`;
  return {
    ...client,
    service,
    serviceNumber,
    mysql: mysqlSettings(read, { production, schema: `${namespace}_${service}` }),
    nats: natsSettings(read, production),
    listen: read.hostPort(listen, `${host}:${defaultPort(portBase, serviceNumber)}`),
    failpoint,
  };
}

function mysqlSettings(read: SettingsReader, rule: { production: boolean; schema: string }) {
  const url = read.url("SHOP_MYSQL_URL", {
    default: "mysql://root@127.0.0.1:3306",
    protocols: ["mysql:"],
  });
  if (rule.production && url.password === "") {
    read.fault("SHOP_MYSQL_URL: must name a user with a password in production");
  }
  const pool = read.integer("SHOP_MYSQL_POOL", { default: 8, min: 1, max: 100 });
  return { url: url.href, schema: rule.schema, pool };
}

function natsSettings(read: SettingsReader, production: boolean) {
  const servers = read.urls("SHOP_NATS_URL", {
    default: "nats://127.0.0.1:4222",
    protocols: ["nats:", "tls:"],
  });
  if (production && servers[0]?.username === "") {
    read.fault("SHOP_NATS_URL: must name a user or a token in production");
  }
  return {
    servers: servers.map((url) => url.href),
    replicas: read.integer("SHOP_NATS_REPLICAS", { default: 1, min: 1, max: 5 }),
  };
}
