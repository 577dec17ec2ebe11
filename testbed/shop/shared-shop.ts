import { type Shop, startShop } from "./shop.ts";

let started: Promise<Shop> | undefined;

/**
 * One shop for all files that only need one that works: each makes its own users and goods, none stops a service,
 * and whoever freezes one thaws it again. Started by the first that asks.
 */
export function sharedShop(): Promise<Shop> {
  started ??= startShop({ sandbox: true, gateway: true });
  return started;
}

/** For a `before` that may be the one that starts the shop. */
export const startMs = 90_000;

/** The fixture of the run calls it after the last test, or of each file where files run side by side. */
export async function stopSharedShop(): Promise<void> {
  const shop = await started?.catch(() => undefined);
  started = undefined;
  await shop?.stop();
}
