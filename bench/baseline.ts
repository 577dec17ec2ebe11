import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "../testbed/engines/directories.ts";
import type { Engines } from "../testbed/engines/engines.ts";
import { freePorts } from "../testbed/engines/ports.ts";
import { newNamespace } from "../testbed/shop/namespace.ts";
import { serviceProcess } from "../testbed/shop/service-process.ts";
import { listenSetting, withoutSettings } from "../testbed/shop/settings.ts";
import { DIRECTORIES } from "./engines.ts";
import type { Running } from "./target.ts";

/**
 * Starts a baseline as a process, with the settings of the shop's order service. `prepare` creates
 * what it needs under the namespace, and `clear` removes it.
 */
export async function startBaseline(
  name: "monolith" | "bare",
  options: {
    main: URL;
    engines: Pick<Engines, "mysqlUrl" | "natsUrl">;
    env?: Record<string, string>;
    prepare?: (namespace: string) => Promise<void>;
    clear?: (namespace: string) => Promise<void>;
  },
): Promise<Running & { namespace: string }> {
  const { engines, prepare, clear } = options;
  const namespace = newNamespace();
  const [port] = await freePorts(1);
  const orderAddress = `127.0.0.1:${port}`;
  const directory = temporaryDirectory(DIRECTORIES);
  const child = serviceProcess({
    service: name,
    main: fileURLToPath(options.main),
    env: {
      ...withoutSettings(process.env),
      SHOP_NAMESPACE: namespace,
      SHOP_MYSQL_URL: engines.mysqlUrl,
      SHOP_NATS_URL: engines.natsUrl,
      ...listenSetting("order", orderAddress),
      ...options.env,
    },
    logFile: join(directory, `${name}.log`),
  });
  const stop = async () => {
    await child.end("SIGTERM");
    await clear?.(namespace);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await prepare?.(namespace);
    await child.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { namespace, orderAddress, processes: () => [{ name, pid: child.pid() ?? 0 }], stop };
}
