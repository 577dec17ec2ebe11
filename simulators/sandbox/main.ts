// The sandbox payment platform: a stranger to the shop, with its own data. It shares nothing with the
// pay service but the secret of their signatures.

import { startHttpServer } from "#platform/http/server.ts";
import { type Running, runService } from "#platform/service/run.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { sandboxConfig, sandboxUrl } from "./config.ts";
import { courier } from "./delivery.ts";
import { startDispatcher } from "./dispatcher.ts";
import { noFaults } from "./faults.ts";
import type { Platform } from "./platform.ts";
import { routes } from "./routes.ts";
import { createSender } from "./sender.ts";
import { openStore } from "./store.ts";

/** Above those of a shop's pay service, and room for answers that are slow by command. */
const HTTP_LIMITS = { maxInFlight: 2_000, maxConnections: 2_000 };

export async function start(
  env: Record<string, string | undefined> = process.env,
): Promise<Running & { address: string }> {
  const config = sandboxConfig(env);
  const log = createLog("sandbox", config.logLevel);
  const store = openStore(config.store);
  const faults = { current: noFaults() };
  const messenger = courier();
  const now = () => faults.current;
  const sender = createSender({ store, config, courier: messenger, faults: now });
  const { schedulePercent } = config;
  const dispatcher = startDispatcher({ store, sender, schedulePercent, faults: now, log });
  let publicUrl = config.publicUrl;
  const platform: Platform = {
    store,
    config,
    dispatcher,
    sender,
    faults,
    checkoutUrl: (tradeId) => `${publicUrl}/checkout/${tradeId}`,
  };
  const handle = routes(platform);
  const server = await startHttpServer({ listen: config.listen, handle, log, limits: HTTP_LIMITS });
  publicUrl ??= sandboxUrl({ host: config.listen.host, port: server.port });
  return {
    address: server.address,
    async stop() {
      await server.stop();
      await dispatcher.stop();
      messenger.close();
      await store.close();
    },
  };
}

if (import.meta.main) runService(start);
