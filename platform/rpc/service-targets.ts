import type { ServiceSettings } from "../settings/service-settings.ts";
import type { Log } from "../telemetry/log.ts";
import type { ClientOptions } from "./clients.ts";
import { createServiceTokenSource } from "./tokens.ts";

/** How a service reaches the other services: at their addresses, with its own token. */
export function serviceTargets<Name extends string>(
  config: Pick<ServiceSettings<Name>, "service" | "addresses" | "tls" | "tokens">,
  log: Log,
): (service: Name, timeoutMs: number) => ClientOptions {
  const { addresses, tls } = config;
  const serviceToken = createServiceTokenSource(config.tokens, config.service);
  return (service, timeoutMs) => {
    return { address: addresses[service], tls, serviceToken, timeoutMs, log };
  };
}
