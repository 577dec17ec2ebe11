import { compile as compileTrust } from "proxy-addr";
import { type ClientSettings, clientSettings } from "#platform/settings/service-settings.ts";
import { readSettings, type SettingsReader } from "#platform/settings/settings.ts";
import type { Origin } from "#platform/values/origins.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import type { Rates } from "./rate-limits.ts";

export type GatewayConfig = ClientSettings<ServiceName> & {
  listen: { host: string; port: number };
  allowedOrigins: Origin[];
  rates: Rates;
  /** Percent of each limit of the gateway that one network may hold. */
  networkShare: number;
  /**
   * Whether the address is a trusted proxy, whose X-Forwarded-For counts. `n` is its hop, from 0.
   */
  trusts: (address: string, n: number) => boolean;
  /** Whether server reflection is on. */
  reflection: boolean;
};

const MAX_RATE = 1_000_000;

export function gatewayConfig(env: Record<string, string | undefined>): GatewayConfig {
  return readSettings(env, (read) => {
    const settings = clientSettings(read, SERVICES);
    const { tokens, host, portBase } = settings;
    if (!tokens.service.signing) {
      read.fault("SHOP_SERVICE_PRIVATE_KEY: must be set for the gateway, which calls the services");
    }
    const rate = (name: string, perMinute: number) =>
      read.integer(name, { default: perMinute, min: 0, max: MAX_RATE });
    return {
      ...settings,
      listen: read.hostPort("SHOP_GATEWAY_LISTEN", `${host}:${portBase}`),
      allowedOrigins: read.origins("SHOP_ALLOWED_ORIGINS", {
        mustBeSet: settings.env === "production",
      }),
      rates: {
        perUser: rate("SHOP_RATE_PER_USER", 600),
        perAddress: rate("SHOP_RATE_PER_ADDRESS", 3_000),
        signIns: rate("SHOP_SIGN_IN_RATE", 60),
      },
      networkShare: read.integer("SHOP_NETWORK_SHARE", { default: 10, min: 1, max: 100 }),
      trusts: trustedProxies(read),
      reflection: read.flag("SHOP_GATEWAY_REFLECTION", settings.env !== "production"),
    };
  });
}

function trustedProxies(read: SettingsReader): GatewayConfig["trusts"] {
  const name = "SHOP_TRUSTED_PROXIES";
  const networks = (read.optional(name) ?? "").split(",").map((text) => text.trim());
  try {
    return compileTrust(networks.filter((text) => text !== ""));
  } catch {
    read.fault(`${name}: must be addresses or networks, such as 10.0.0.0/8, separated by commas`);
    return () => false;
  }
}
