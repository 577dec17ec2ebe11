import { SERVICES, type ServiceName } from "#proto/services.ts";
import { urlAt } from "../proxy/proxy.ts";
import { addressSettings, listenSetting } from "../shop/settings.ts";
import type { Edges } from "./edges.ts";
import type { Brokers, Engine } from "./engine.ts";
import { isService, type Kind, PARTS } from "./parts.ts";

export const NAMESPACE = "fault";
export const CURRENCY = "EUR";

/** Settings of every program, which a topology may change. */
export const SETTINGS = {
  SHOP_ENV: "test",
  SHOP_LOG_LEVEL: "warn",
  // Ten services share two cores and one database.
  SHOP_MYSQL_POOL: "4",
  // The shortest values allowed, since these waits only make a run longer.
  SHOP_ABANDONED_AFTER_SECONDS: "15",
  SHOP_PAYMENT_QUERY_MS: "2000",
  SHOP_REFUND_RETRY_MS: "500",
  SHOP_SANDBOX_SCHEDULE_PERCENT: "10",
  // Long enough to pay after an outage, and short enough to expire during a longer run.
  SHOP_PAY_DEADLINE_SECONDS: "90",
};

type Surroundings = {
  name: string;
  kind: Kind;
  /** The port of the program on 127.0.0.1. */
  port: number;
  edges: Edges;
  database: Engine;
  brokers: Brokers;
};

/** Where a program listens, and the proxies through which it reaches the others. */
export function placeSettings(own: Surroundings): Record<string, string> {
  const { name, kind, port, edges, database, brokers } = own;
  const through = (to: string) => edges.edge(name, to).address;
  const called = SERVICES.map((service) => {
    return [service, edges.select({ from: name, to: service })] as const;
  }).filter(([, replicas]) => replicas.length > 0);
  return {
    SHOP_NAMESPACE: NAMESPACE,
    SHOP_CURRENCY: CURRENCY,
    ...listenSetting(kind, `127.0.0.1:${port}`),
    // The address by which the sandbox reaches the gateway.
    SHOP_CALLBACK_URL: `http://${edges.edge("sandbox", "gateway").address}/pay/callback`,
    ...addressSettings(
      Object.fromEntries(
        called.map(([service, to]) => [service, targetOf(to.map(({ address }) => address))]),
      ),
    ),
    ...(kind === "pay" && { SHOP_SANDBOX_URL: `http://${through("sandbox")}` }),
    ...(isService(kind) && {
      SHOP_MYSQL_URL: urlAt(database.url, through("database")),
      SHOP_NATS_URL: brokers.nodes.map((node) => urlAt(node.url, through(node.name))).join(","),
      SHOP_NATS_REPLICAS: String(brokers.replicas),
    }),
  };
}

/** A gRPC target of all replicas of each service; `placeOf` gives the address of one. */
export function targets(placeOf: (name: string) => string): Record<ServiceName, string> {
  const each = SERVICES.map((kind) => {
    const replicas = PARTS.filter((part) => part.kind === kind);
    return [kind, targetOf(replicas.map(({ name }) => placeOf(name)))];
  });
  return Object.fromEntries(each) as Record<ServiceName, string>;
}

const targetOf = (addresses: readonly string[]) => `ipv4:${addresses.join(",")}`;
