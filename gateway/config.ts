import { type ClientSettings, clientSettings } from "#platform/process/common-settings.ts";
import { readSettings } from "#platform/process/settings.ts";

export type GatewayConfig = ClientSettings & { listen: { host: string; port: number } };

export function gatewayConfig(env: Record<string, string | undefined>): GatewayConfig {
  return readSettings(env, (read) => {
    const settings = clientSettings(read);
    const { tokens, host, portBase } = settings;
    if (!tokens.service.signing) {
      read.fault("SHOP_SERVICE_PRIVATE_KEY: must be set for the gateway, which calls the services");
    }
    return { ...settings, listen: read.hostPort("SHOP_GATEWAY_LISTEN", `${host}:${portBase}`) };
  });
}
