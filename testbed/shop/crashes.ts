import { setTimeout as pause } from "node:timers/promises";
import { Outage } from "#platform/values/refusal.ts";
import type { ServiceName } from "#proto/services.ts";
import type { Shop } from "./shop.ts";

const diesWithinMs = 20_000;

type Crash = {
  service: ServiceName;
  /** Where it dies; see platform/settings/failpoint.ts. */
  point: string;
  /** What brings it there. It may be told of an Outage: the service dies meanwhile. */
  act?: () => Promise<unknown>;
  env?: Record<string, string>;
};

/**
 * Starts the service anew so that it is killed the first time it comes to the point, and brings it there. Resolves once
 * it is dead; fails where it lives on.
 */
export async function crash(
  shop: Shop,
  { service, point, act = async () => {}, env }: Crash,
): Promise<void> {
  try {
    await shop.restart(service, { ...env, SHOP_FAILPOINT: `${point}:1:kill` });
  } catch (error) {
    // Work that was left over can bring it there before it is ready.
    if (!(error instanceof Error) || !error.message.includes("(SIGKILL)")) throw error;
  }
  const [how] = await Promise.all([outcome(shop, service), act().catch(toldOfOutage)]);
  if (how !== "SIGKILL") throw new Error(`${service} did not die at ${point}: ${how}`);
}

async function outcome(shop: Shop, service: ServiceName): Promise<string> {
  const timer = new AbortController();
  const late = pause(diesWithinMs, "it still runs", { signal: timer.signal }).catch(() => "");
  try {
    return await Promise.race([shop.ended(service), late]);
  } finally {
    timer.abort();
  }
}

function toldOfOutage(error: unknown): void {
  if (!(error instanceof Outage)) throw error;
}
