// Mocha's root plugin, named in .mocharc.cjs. The whole suite runs against the database and the
// broker that SHOP_MYSQL_URL and SHOP_NATS_URL name; an engine that is not named is brought up
// here. Tests read the two variables in hooks and tests, not while their file is loaded.

import { startSuiteEngines } from "./engines/suite-engines.ts";
import { startMs, stopSharedShop } from "./shop/shared-shop.ts";

let stopEngines: (() => Promise<void>) | undefined;

export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(startMs);
    await stopSharedShop();
  },
};

export async function mochaGlobalSetup(): Promise<void> {
  stopEngines = await startSuiteEngines((line) => console.log(line));
}

export async function mochaGlobalTeardown(): Promise<void> {
  await stopEngines?.();
}
