import type { ClientSettings } from "#platform/settings/service-settings.ts";
import type { ServiceName } from "#proto/services.ts";
import { gatewayConfig } from "../../gateway/config.ts";
import { sandboxConfig, sandboxUrl } from "../../simulators/sandbox/config.ts";

/** The programs around the services, with their main.ts. */
export const EDGES: Record<string, string> = {
  sandbox: "simulators/sandbox/main.ts",
  gateway: "gateway/main.ts",
};

/** Where they are; no sandbox in production, unless somebody has given it a secret: its money is not real. */
export type Edges = { gateway: string; sandbox?: string };

/**
 * Finds the places, and puts into the environment what the programs do not know by themselves: where the pay service
 * finds the platform, and the platform the gateway. What is set already stays.
 */
export function placeEdges(settings: ClientSettings<ServiceName>, env: NodeJS.ProcessEnv): Edges {
  const gateway = sandboxUrl(gatewayConfig(env).listen);
  const production = settings.env === "production";
  if (production && !env.SHOP_SANDBOX_SECRET) return { gateway };
  const sandbox = sandboxUrl(sandboxConfig(env).listen);
  // In production the pay service asks for both by name.
  if (!production) {
    env.SHOP_CALLBACK_URL ||= `${gateway}/pay/callback`;
    env.SHOP_SANDBOX_URL ||= sandbox;
  }
  return { gateway, sandbox };
}
