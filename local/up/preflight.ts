import { accessSync, constants } from "node:fs";
import { makeFolder } from "#platform/settings/folders.ts";
import { type ClientSettings, clientSettings } from "#platform/settings/service-settings.ts";
import { readSettings, SettingsError } from "#platform/settings/settings.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { gatewayConfig } from "../../gateway/config.ts";
import { couponConfig } from "../../services/coupon/config.ts";
import { goodsConfig } from "../../services/goods/config.ts";
import { orderConfig } from "../../services/order/config.ts";
import { payConfig } from "../../services/pay/config.ts";
import { userConfig } from "../../services/user/config.ts";
import { simulatorsConfig } from "../../simulators/providers/config.ts";
import { sandboxConfig } from "../../simulators/sandbox/config.ts";
import type { Listen } from "../engines/ports.ts";

type Env = NodeJS.ProcessEnv;

/** The settings that `npm start` itself needs, and where each program will listen. */
type Preflight = { settings: ClientSettings<ServiceName>; listens: Listen[] };

type Place = Omit<Listen, "name">;

const CONFIGS: Readonly<
  Record<string, (env: Env) => { listen: Place | Readonly<Record<string, Place>> }>
> = {
  goods: goodsConfig,
  coupon: couponConfig,
  user: userConfig,
  order: orderConfig,
  pay: payConfig,
  gateway: gatewayConfig,
  sandbox: sandboxConfig,
  simulators: simulatorsConfig,
};

/** In place of the database and the broker that the start will bring up. */
const ENGINES = {
  SHOP_MYSQL_URL: "mysql://shop:password@127.0.0.1:3306",
  SHOP_NATS_URL: "nats://shop:password@127.0.0.1:4222",
};

/**
 * Reads the settings of every program as the program itself will, before anything is brought up.
 * Throws one SettingsError with the faults of all of them.
 */
export function preflight(env: Env, dataDir: string): Preflight {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const complete = { ...ENGINES, ...given };
  const faults = new Map<string, string[]>();
  const settings = collect(faults, () =>
    readSettings(complete, (read) => clientSettings(read, SERVICES)),
  );
  const listens = Object.entries(CONFIGS)
    .filter(([name]) => name !== "sandbox" || runsSandbox(env))
    .filter(([name]) => name !== "simulators" || runsSimulators(env))
    .flatMap(([name, config]): Listen[] => {
      const listen = collect(faults, () => config(complete))?.listen;
      return listen === undefined ? [] : placesOf(name, listen);
    });
  for (const name of ["SHOP_TOKEN", "SHOP_SERVICE"]) {
    // A program that only verifies needs one of the two; the programs together need the private one.
    if (faults.delete(`${name}_PRIVATE_KEY or ${name}_PUBLIC_KEY`)) {
      faults.set(name, [`${name}_PRIVATE_KEY: must be set in production`]);
    }
  }
  const folder = folderFault(dataDir);
  if (folder !== undefined) faults.set("SHOP_DATA_DIR", [folder]);
  if (faults.size > 0 || settings === undefined)
    throw new SettingsError([...faults.values()].flat());
  return { settings, listens };
}

/** In production the sandbox runs only if its secret is set: its money is not real. */
export function runsSandbox(env: Env): boolean {
  return env.SHOP_ENV !== "production" || Boolean(env.SHOP_SANDBOX_SECRET);
}

/** The simulators of Alipay, WeChat Pay and Stripe refuse to run in production. */
export function runsSimulators(env: Env): boolean {
  return env.SHOP_ENV !== "production";
}

/** A program may listen in several places, each with a name of its own. */
function placesOf(name: string, listen: Place | Readonly<Record<string, Place>>): Listen[] {
  if (isPlace(listen)) return [{ name, ...listen }];
  return Object.entries(listen).map(([part, place]) => ({ name: `${name}, ${part}`, ...place }));
}

function isPlace(listen: Place | Readonly<Record<string, Place>>): listen is Place {
  return typeof listen.port === "number";
}

/**
 * Keeps the faults of a program by variable. Programs may describe the same fault differently, so
 * the first one that reads a variable reports it.
 */
function collect<T>(faults: Map<string, string[]>, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const own = Map.groupBy(new Set(error.faults), (fault) => fault.split(":")[0] ?? "");
    for (const [name, messages] of own) if (!faults.has(name)) faults.set(name, messages);
    return undefined;
  }
}

function folderFault(dataDir: string): string | undefined {
  try {
    makeFolder(dataDir, { mode: 0o700 });
    accessSync(dataDir, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `SHOP_DATA_DIR: cannot write to ${dataDir} (${code}); set it to a folder of your own`;
  }
}
