// The sandbox, a payment provider to develop and test against. It has its own data and shares no
// code with the pay service; README.md describes their protocol.

import { startHttpServer } from "#platform/http/server.ts";
import { type Running, runService } from "#platform/service/run.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { sandboxConfig, sandboxUrl } from "./config.ts";
import { createCourier } from "./delivery.ts";
import { startDispatcher } from "./dispatcher.ts";
import { noFaults } from "./faults.ts";
import { routes } from "./routes.ts";
import type { Sandbox } from "./sandbox.ts";
import { createSender } from "./sender.ts";
import { openStore } from "./store.ts";

/** More than a pay service opens, with room for answers that a fault delays. */
const HTTP_LIMITS = { maxInFlight: 2_000, maxConnections: 2_000 };

async function start(
  env: Record<string, string | undefined> = process.env,
): Promise<Running & { address: string }> {
  const config = sandboxConfig(env);
  const log = createLog("sandbox", config.logLevel);
  const store = openStore(config.store);
  const faults = { current: noFaults() };
  const courier = createCourier();
  const currentFaults = () => faults.current;
  const sender = createSender({ store, config, courier, faults: currentFaults });
  const { schedulePercent } = config;
  const dispatcher = startDispatcher({
    store,
    sender,
    schedulePercent,
    faults: currentFaults,
    log,
  });
  let publicUrl = config.publicUrl;
  const sandbox: Sandbox = {
    store,
    config,
    dispatcher,
    sender,
    faults,
    checkoutUrl: (tradeId) => `${publicUrl}/checkout/${tradeId}`,
  };
  const handle = routes(sandbox);
  const server = await startHttpServer({ listen: config.listen, handle, log, limits: HTTP_LIMITS });
  publicUrl ??= sandboxUrl({ host: config.listen.host, port: server.port });
  return {
    address: server.address,
    async stop() {
      await server.stop();
      await dispatcher.stop();
      courier.close();
      await store.close();
    },
  };
}

if (import.meta.main) runService(start);
