import { setTimeout as pause } from "node:timers/promises";
import { Outage } from "#platform/values/refusal.ts";
import type { ServiceName } from "#proto/services.ts";
import type { Shop } from "./shop.ts";

const diesWithinMs = 20_000;

type Crash = {
  service: ServiceName;
  /** The failpoint at which the service dies; see platform/settings/failpoint.ts. */
  point: string;
  /**
   * Makes the service reach the failpoint. It may fail with an Outage, because the service dies
   * meanwhile.
   */
  act?: () => Promise<unknown>;
  env?: Record<string, string>;
};

/**
 * Restarts a service so that it is killed the first time it reaches a failpoint, and makes it reach
 * it. Resolves when the service is dead; fails when it survives.
 */
export async function crash(
  shop: Shop,
  { service, point, act = async () => {}, env }: Crash,
): Promise<void> {
  try {
    await shop.restart(service, { ...env, SHOP_FAILPOINT: `${point}:1:kill` });
  } catch (error) {
    // Recovered work may reach the failpoint before the service is ready.
    if (!(error instanceof Error) || !error.message.includes("(SIGKILL)")) throw error;
  }
  const [how] = await Promise.all([outcome(shop, service), act().catch(ignoreOutage)]);
  if (how !== "SIGKILL") throw new Error(`${service} did not die at ${point} (${how})`);
}

async function outcome(shop: Shop, service: ServiceName): Promise<string> {
  const timer = new AbortController();
  const late = pause(diesWithinMs, "still running", { signal: timer.signal }).catch(() => "");
  try {
    return await Promise.race([shop.ended(service), late]);
  } finally {
    timer.abort();
  }
}

function ignoreOutage(error: unknown): void {
  if (!(error instanceof Outage)) throw error;
}
