import { type Shop, startShop } from "./shop.ts";

let started: Promise<Shop> | undefined;

/**
 * One shop for all files that only need one that works: each makes its own users and goods, none stops a service,
 * and whoever freezes one thaws it again. Started by the first that asks, stopped at the end of the run.
 */
export function sharedShop(): Promise<Shop> {
  started ??= startShop({ sandbox: true, gateway: true });
  return started;
}

/** For a `before` that may be the one that starts the shop. */
export const startMs = 90_000;

// Loaded outside of any describe, so this is a hook of the whole run.
after("stop the shared shop", async function () {
  this.timeout(startMs);
  await (await started?.catch(() => undefined))?.stop();
});
