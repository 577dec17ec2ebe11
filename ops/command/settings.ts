import type { ClientSettings } from "#platform/settings/service-settings.ts";
import { readSettings, type SettingsReader } from "#platform/settings/settings.ts";
import type { ServiceName } from "#proto/services.ts";
import { PORT_OFFSETS } from "../../simulators/providers/config.ts";
import { PORT_OFFSET } from "../../simulators/sandbox/config.ts";
import { settingsOfRun } from "./running-shop.ts";

/**
 * Reads the settings of a command from the environment. What it does not set is as in the running
 * `npm start` of this folder: addresses, namespace, keys, currency and rules.
 */
export function commandSettings<T>(build: (read: SettingsReader) => T): T {
  return readSettings(commandEnv(), build);
}

/** The environment of a command, completed by the running `npm start`. */
export function commandEnv(): NodeJS.ProcessEnv {
  // An empty variable counts as not set.
  const own = Object.entries(process.env).filter(([, value]) => value !== "");
  return { ...settingsOfRun(), ...Object.fromEntries(own) };
}

/** SHOP_MYSQL_URL, with the same default as in the services. */
export function mysqlUrl(read: SettingsReader): string {
  const rule = { default: "mysql://root@127.0.0.1:3306", protocols: ["mysql:"] };
  return read.url("SHOP_MYSQL_URL", rule).href;
}

/** SHOP_NATS_URL, with the same default as in the services. */
export function natsServers(read: SettingsReader): string[] {
  const rule = { default: "nats://127.0.0.1:4222", protocols: ["nats:", "tls:"] };
  return read.urls("SHOP_NATS_URL", rule).map(({ href }) => href);
}

/** SHOP_SANDBOX_URL without a final slash, by default where `npm start` runs the sandbox. */
export function sandboxUrl(
  read: SettingsReader,
  { host, portBase }: Pick<ClientSettings<ServiceName>, "host" | "portBase">,
): string {
  const url = read.url("SHOP_SANDBOX_URL", {
    default: `http://${host}:${portBase + PORT_OFFSET}`,
    protocols: ["http:", "https:"],
  });
  return url.href.replace(/\/+$/, "");
}

/** Where `npm start` runs the control interface of the simulators. */
export function simulatorsUrl(read: SettingsReader): string {
  const host = read.text("SHOP_HOST", { default: "127.0.0.1", pattern: /^\S+$/ });
  const base = read.integer("SHOP_PORT_BASE", { default: 50_050, min: 1_024, max: 65_000 });
  const listen = read.hostPort(
    "SHOP_SIMULATORS_CONTROL_LISTEN",
    `${host}:${base + PORT_OFFSETS.control}`,
  );
  return `http://${listen.host}:${listen.port}`;
}

/** SHOP_URL without a final slash, by default where `npm start` runs the gateway. */
export function gatewayUrl(read: SettingsReader): string {
  const host = read.text("SHOP_HOST", { default: "127.0.0.1", pattern: /^\S+$/ });
  const base = read.integer("SHOP_PORT_BASE", { default: 50_050, min: 1_024, max: 65_000 });
  const listen = read.hostPort("SHOP_GATEWAY_LISTEN", `${host}:${base}`);
  const reached = ["0.0.0.0", "[::]"].includes(listen.host) ? "127.0.0.1" : listen.host;
  const rule = { default: `http://${reached}:${listen.port}`, protocols: ["http:", "https:"] };
  return read.url("SHOP_URL", rule).href.replace(/\/+$/, "");
}
