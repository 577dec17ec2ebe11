import type { ClientSettings } from "#platform/settings/service-settings.ts";
import type { ServiceName } from "#proto/services.ts";
import { gatewayConfig } from "../../gateway/config.ts";
import { simulatorsConfig } from "../../simulators/providers/config.ts";
import { sandboxConfig, sandboxUrl } from "../../simulators/sandbox/config.ts";
import { runsSandbox, runsSimulators } from "./preflight.ts";

/** The programs around the services, and their main.ts. */
export const EDGES: Record<string, string> = {
  sandbox: "simulators/sandbox/main.ts",
  simulators: "simulators/providers/main.ts",
  gateway: "gateway/main.ts",
};

/**
 * Their URLs; that of the simulators is their control interface. The sandbox and the simulators may
 * not run; see `runsSandbox` and `runsSimulators`.
 */
export type Edges = { gateway: string; sandbox?: string; simulators?: string };

/**
 * Determines the URLs, and sets in the environment what the programs need of each other: the pay
 * service the sandbox, and the sandbox and the simulators the gateway. Variables that are set stay.
 */
export function placeEdges(settings: ClientSettings<ServiceName>, env: NodeJS.ProcessEnv): Edges {
  const edges: Edges = { gateway: sandboxUrl(gatewayConfig(env).listen) };
  if (runsSandbox(env)) edges.sandbox = sandboxUrl(sandboxConfig(env).listen);
  // In production the pay service requires both settings.
  if (settings.env !== "production") {
    env.SHOP_CALLBACK_URL ||= `${edges.gateway}/pay/callback`;
    env.SHOP_SANDBOX_URL ||= edges.sandbox;
  }
  if (runsSimulators(env)) {
    env.SHOP_SIMULATORS_STRIPE_WEBHOOK_URL ||= `${env.SHOP_CALLBACK_URL}/stripe`;
    edges.simulators = sandboxUrl(simulatorsConfig(env).listen.control);
  }
  return edges;
}
