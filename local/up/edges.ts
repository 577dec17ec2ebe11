import type { ClientSettings } from "#platform/settings/service-settings.ts";
import type { ServiceName } from "#proto/services.ts";
import { gatewayConfig } from "../../gateway/config.ts";
import { sandboxConfig, sandboxUrl } from "../../simulators/sandbox/config.ts";
import { runsSandbox } from "./preflight.ts";

/** The programs around the services, and their main.ts. */
export const EDGES: Record<string, string> = {
  sandbox: "simulators/sandbox/main.ts",
  gateway: "gateway/main.ts",
};

/** Their URLs. The sandbox may not run; see `runsSandbox`. */
export type Edges = { gateway: string; sandbox?: string };

/**
 * Determines the URLs, and sets in the environment what the programs need of each other: the pay
 * service the sandbox, and the sandbox the gateway. Variables that are set stay.
 */
export function placeEdges(settings: ClientSettings<ServiceName>, env: NodeJS.ProcessEnv): Edges {
  const gateway = sandboxUrl(gatewayConfig(env).listen);
  if (!runsSandbox(env)) return { gateway };
  const sandbox = sandboxUrl(sandboxConfig(env).listen);
  // In production the pay service requires both settings.
  if (settings.env !== "production") {
    env.SHOP_CALLBACK_URL ||= `${gateway}/pay/callback`;
    env.SHOP_SANDBOX_URL ||= sandbox;
  }
  return { gateway, sandbox };
}
