import { Code, ConnectError } from "@connectrpc/connect";
import { startHttpServer } from "#platform/http/server.ts";
import { createClient } from "#platform/rpc/clients.ts";
import { createServiceTokenSource, createTokenVerifier } from "#platform/rpc/tokens.ts";
import { type Running, runService } from "#platform/service/run.ts";
import { createLog, type Log } from "#platform/telemetry/log.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import { createAdmission } from "./admission.ts";
import { createCallLog } from "./call-log.ts";
import { createCallbackPlaces } from "./callback-places.ts";
import { createClients } from "./clients.ts";
import { type GatewayConfig, gatewayConfig } from "./config.ts";
import { readDocs } from "./docs.ts";
import { type AnyClient, forwardAll } from "./forward.ts";
import { CALLBACK_TIMEOUT_MS, HTTP_LIMITS, MAX_DEADLINE_MS } from "./limits.ts";
import { networkOf } from "./networks.ts";
import { createOriginCheck } from "./origins.ts";
import { createProtocols } from "./protocols.ts";
import { PUBLIC_SERVICES } from "./public-services.ts";
import { createRateLimits } from "./rate-limits.ts";
import { createReadiness } from "./readiness.ts";
import { addReflection } from "./reflection.ts";
import { requestBoundsOf } from "./request-bounds.ts";
import { createHandler } from "./routes.ts";
import { shareOf } from "./shares.ts";

export async function start(
  env: Record<string, string | undefined> = process.env,
): Promise<Running & { address: string }> {
  const config = gatewayConfig(env);
  const log = createLog("gateway", config.logLevel);
  const production = config.env === "production";
  const stopping = new AbortController();
  const clients = callersOf(config, log);
  const pay = createClient(PayService, {
    address: config.addresses.pay,
    tls: config.tls,
    serviceToken: createServiceTokenSource(config.tokens, "gateway"),
    timeoutMs: CALLBACK_TIMEOUT_MS,
    log,
  });
  const readiness = createReadiness({ ...config, stopping: stopping.signal });
  const { trusts, networkShare } = config;
  const clientsOutside = createClients({ trusts, networkShare });
  const rates = createRateLimits(config.rates);
  const protocols = createProtocols({
    routes: (router) => {
      forwardAll(router, { clients, secureCookies: production, log });
      if (config.reflection) addReflection(router, Object.values(PUBLIC_SERVICES));
    },
    admit: createAdmission({
      tokens: createTokenVerifier(config.tokens),
      secureCookies: production,
      rates,
      networkShare,
      stopping: stopping.signal,
      log,
    }),
    boundsOf: requestBoundsOf,
    unread: clientsOutside.unread,
    onEnd: createCallLog(log),
    shutdown: stopping.signal,
    log,
  });
  const server = await startHttpServer({
    listen: config.listen,
    http2: true,
    limits: {
      ...HTTP_LIMITS,
      maxConnectionsPerClient: shareOf(HTTP_LIMITS.maxConnections, networkShare),
    },
    clients: {
      clientOf: (address) => (trusts(address, 0) ? undefined : networkOf(address)),
      isCutOff: rates.isCutOff,
      onCrowded: rates.crowded,
    },
    log,
    handle: createHandler({
      protocols,
      readiness,
      docs: readDocs(),
      callbacks: { pay, log, places: createCallbackPlaces(rates) },
      checkOrigin: createOriginCheck(config.allowedOrigins),
      clients: clientsOutside,
      rates,
      production,
    }),
  });
  return {
    address: server.address,
    async stop() {
      stopping.abort(new ConnectError("the gateway is stopping", Code.Unavailable));
      await server.stop();
      for (const client of [pay, ...Object.values(clients)]) client.close();
      readiness.close();
    },
  };
}

/** Clients without a token of their own: they pass on the token of each caller. */
function callersOf(config: GatewayConfig, log: Log) {
  const { tls, addresses } = config;
  const clients = SERVICES.map((name) => {
    const options = { address: addresses[name], tls, timeoutMs: MAX_DEADLINE_MS, log };
    return [name, createClient(PUBLIC_SERVICES[name], options)];
  });
  return Object.fromEntries(clients) as Record<ServiceName, AnyClient & { close(): void }>;
}

if (import.meta.main) runService(start);
