import { type Shop, startShop } from "./shop.ts";

let started: Promise<Shop> | undefined;

/**
 * A shop that all test files share which only need a working one. Each creates its own users and
 * goods, none stops a service, and a test that freezes a service thaws it again. The first call
 * starts the shop.
 */
export function sharedShop(): Promise<Shop> {
  started ??= startShop({ sandbox: true, gateway: true });
  return started;
}

/** The timeout of a `before` that may have to start the shop. */
export const startMs = 90_000;

/**
 * Called by mocha's root plugin after the last test, or after each file where files run in
 * parallel.
 */
export async function stopSharedShop(): Promise<void> {
  const shop = await started?.catch(() => undefined);
  started = undefined;
  await shop?.stop();
}
