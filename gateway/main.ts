import { HttpProblem, pathOf } from "#platform/process/http-answer.ts";
import { startHttpServer } from "#platform/process/http-server.ts";
import { createLog } from "#platform/process/log.ts";
import { type Running, runService } from "#platform/process/run.ts";
import { createClient } from "#platform/rpc/clients.ts";
import { createServiceTokenSource } from "#platform/rpc/tokens.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import { carryCallback, providerOf } from "./callbacks.ts";
import { gatewayConfig } from "./config.ts";
import { CALLBACK_TIMEOUT_MS } from "./limits.ts";

export async function start(
  env: Record<string, string | undefined> = process.env,
): Promise<Running & { address: string }> {
  const config = gatewayConfig(env);
  const log = createLog("gateway", config.logLevel);
  const pay = createClient(PayService, {
    address: config.addresses.pay,
    tls: config.tls,
    serviceToken: createServiceTokenSource(config.tokens, "gateway"),
    timeoutMs: CALLBACK_TIMEOUT_MS,
    log,
  });
  const server = await startHttpServer({
    listen: config.listen,
    log,
    handle: async (request, response) => {
      const path = pathOf(request);
      const provider = providerOf(path);
      if (provider !== undefined) {
        return carryCallback(provider, { request, response }, { pay, log });
      }
      if (path !== "/healthz") throw new HttpProblem(404, "not found", { close: true });
      if (request.method === "GET" || request.method === "HEAD") return { status: 200, body: "ok" };
      throw new HttpProblem(405, "GET only", { close: true, headers: { allow: "GET, HEAD" } });
    },
  });
  return {
    address: server.address,
    async stop() {
      await server.stop();
      pay.close();
    },
  };
}

if (import.meta.main) runService(start);
