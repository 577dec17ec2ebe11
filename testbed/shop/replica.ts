import { rmSync } from "node:fs";
import { join } from "node:path";
import type { ServiceName } from "#proto/services.ts";
import { type Callers, callers } from "../calls/callers.ts";
import { temporaryDirectory } from "../engines/directories.ts";
import { freePorts } from "../engines/ports.ts";
import { serviceProcess } from "./service-process.ts";
import { addressSettings, listenSetting } from "./settings.ts";
import type { Shop } from "./shop.ts";

export type Replica = Callers & {
  address: string;
  /** Stops the process. */
  stop(): Promise<void>;
};

/**
 * Starts another process of one of the shop's services, with the same schema and streams. Its
 * callers reach this process, and the shop's processes of the other services.
 */
export async function startReplica(
  shop: Pick<Shop, "namespace" | "addresses" | "gatewayUrl" | "sandbox">,
  service: ServiceName,
  env: Record<string, string> = {},
): Promise<Replica> {
  const [port] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  const logs = temporaryDirectory();
  const running = serviceProcess({
    service,
    logFile: join(logs, `${service}.log`),
    env: {
      ...process.env,
      SHOP_ENV: "test",
      SHOP_NAMESPACE: shop.namespace,
      SHOP_MYSQL_POOL: "6",
      SHOP_SANDBOX_URL: shop.sandbox.url,
      SHOP_CALLBACK_URL: `${shop.gatewayUrl}/pay/callback`,
      ...addressSettings(shop.addresses),
      ...listenSetting(service, address),
      ...env,
    },
  });
  await running.start();
  const clients = callers({ ...shop.addresses, [service]: address });
  return {
    ...clients,
    address,
    async stop() {
      clients.close();
      await running.end("SIGTERM");
      rmSync(logs, { recursive: true, force: true });
    },
  };
}
