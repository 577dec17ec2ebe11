import type { Engines } from "../testbed/engines/engines.ts";
import type { CatalogSize } from "./catalog.ts";
import type { Clients } from "./load/clients.ts";
import type { Places } from "./load/messages.ts";
import type { Meter } from "./measure/meter.ts";
import type { Options } from "./options.ts";
import type { RunningShop } from "./shop/shop.ts";
import type { Running, TargetName } from "./target.ts";
import type { Turn } from "./turn.ts";

/** Everything that is up during a run. */
export type Bench = {
  options: Options;
  engines: Engines;
  size: CatalogSize;
  clients: Clients;
  meter: Meter;
  targets: Map<TargetName, Running>;
  shop: RunningShop | undefined;
  log(line: string): void;
  /** Logs a line about a turn that has ended. */
  logTurn(turn: Turn, place: { turn: number; of: number }): void;
};

export function runningOf({ targets }: Pick<Bench, "targets">, name: TargetName): Running {
  const running = targets.get(name);
  if (!running) throw new Error(`${name} is not running`);
  return running;
}

export function shopOf({ shop }: Pick<Bench, "shop">): RunningShop {
  if (!shop) throw new Error("the shop is not running");
  return shop;
}

export function placesOf(bench: Pick<Bench, "shop" | "targets">, name: TargetName): Places {
  const order = runningOf(bench, name).orderAddress;
  if (name !== "shop") return { order };
  const { addresses, gatewayUrl, sandboxUrl } = shopOf(bench);
  return { order, goods: addresses.goods, pay: addresses.pay, gatewayUrl, sandboxUrl };
}
