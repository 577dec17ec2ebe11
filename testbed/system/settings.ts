import { SERVICES, type ServiceName } from "#proto/services.ts";
import { providerSettings } from "../../local/up/offer-simulated.ts";
import { FACES } from "../../simulators/base/trades.ts";
import type { Accounts } from "../../simulators/providers/client.ts";
import { urlAt } from "../proxy/proxy.ts";
import { addressSettings, listenSetting } from "../shop/settings.ts";
import type { Edges } from "./edges.ts";
import type { Brokers, Engine } from "./engine.ts";
import { isService, type Kind, PARTS } from "./parts.ts";

export const NAMESPACE = "fault";
/** The currency that all four providers take. */
export const CURRENCY = "CNY";

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
  SHOP_SIMULATORS_SCHEDULE_PERCENT: "1",
  // Long enough to pay after an outage, and short enough to expire during a longer run.
  SHOP_PAY_DEADLINE_SECONDS: "90",
};

type Surroundings = {
  name: string;
  kind: Kind;
  /** The port of a program, or of a face of the simulators, on 127.0.0.1. */
  portOf: (place: string) => number;
  edges: Edges;
  database: Engine;
  brokers: Brokers;
  /** What pay is configured with to use the simulators; undefined until they run. */
  accounts: Accounts | undefined;
};

/** Where a program listens, and the proxies through which it reaches the others. */
export function placeSettings(own: Surroundings): Record<string, string> {
  const { name, kind, portOf, edges, database, brokers, accounts } = own;
  const through = (to: string) => edges.edge(name, to).address;
  const called = SERVICES.map((service) => {
    return [service, edges.select({ from: name, to: service })] as const;
  }).filter(([, replicas]) => replicas.length > 0);
  const callbackUrl = `http://${edges.edge("sandbox", "gateway").address}/pay/callback`;
  return {
    SHOP_NAMESPACE: NAMESPACE,
    SHOP_CURRENCY: CURRENCY,
    ...(kind === "simulators" ? placeSimulators(portOf) : listenSetting(kind, at(portOf(name)))),
    // The address by which all providers reach the gateway.
    SHOP_CALLBACK_URL: callbackUrl,
    SHOP_SIMULATORS_STRIPE_WEBHOOK_URL: `${callbackUrl}/stripe`,
    ...addressSettings(
      Object.fromEntries(
        called.map(([service, to]) => [service, targetOf(to.map(({ address }) => address))]),
      ),
    ),
    ...(kind === "pay" && { SHOP_SANDBOX_URL: `http://${through("sandbox")}` }),
    ...(kind === "pay" && accounts && placeProviders(accounts, through)),
    ...(isService(kind) && {
      SHOP_MYSQL_URL: urlAt(database.url, through("database")),
      SHOP_NATS_URL: brokers.nodes.map((node) => urlAt(node.url, through(node.name))).join(","),
      SHOP_NATS_REPLICAS: String(brokers.replicas),
    }),
  };
}

function placeSimulators(portOf: (place: string) => number): Record<string, string> {
  const faces = FACES.map((face) => listenSetting(`simulators_${face}`, at(portOf(face))));
  const control = listenSetting("simulators_control", at(portOf("simulators")));
  return Object.assign(control, ...faces);
}

/** The simulated accounts, at addresses that lead through pay's own proxies. */
function placeProviders(
  accounts: Accounts,
  through: (place: string) => string,
): Record<string, string> {
  const { alipay, wechatpay, stripe } = providerSettings({
    alipay: { ...accounts.alipay, url: `http://${through("alipay")}` },
    wechatpay: { ...accounts.wechatpay, url: `http://${through("wechatpay")}` },
    stripe: { ...accounts.stripe, url: `http://${through("stripe")}` },
  });
  return { ...alipay, ...wechatpay, ...stripe };
}

const at = (port: number) => `127.0.0.1:${port}`;

/** A gRPC target of all replicas of each service; `placeOf` gives the address of one. */
export function targets(placeOf: (name: string) => string): Record<ServiceName, string> {
  const each = SERVICES.map((kind) => {
    const replicas = PARTS.filter((part) => part.kind === kind);
    return [kind, targetOf(replicas.map(({ name }) => placeOf(name)))];
  });
  return Object.fromEntries(each) as Record<ServiceName, string>;
}

const targetOf = (addresses: readonly string[]) => `ipv4:${addresses.join(",")}`;
