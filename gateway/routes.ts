import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Code, createContextValues } from "@connectrpc/connect";
import helmet from "helmet";
import {
  busy,
  type HttpAnswer,
  HttpProblem,
  methodNotAllowed,
  pathOf,
  streamOf,
} from "#platform/http/answer.ts";
import { ANSWERED, type HttpHandler } from "#platform/http/server.ts";
import { REQUEST_ID_HEADER, requestIdOf } from "#platform/rpc/call.ts";
import { type CallbackRoute, carryCallback, providerOf } from "./callbacks.ts";
import type { Client, Clients } from "./clients.ts";
import type { Docs } from "./docs.ts";
import { CALL, GatewayCall } from "./gateway-call.ts";
import { PAGE_BYTES_PER_CALL, READY_CALLS } from "./limits.ts";
import type { Protocols } from "./protocols.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { Readiness } from "./readiness.ts";

type Routes = {
  protocols: Protocols;
  callbacks: CallbackRoute;
  readiness: Readiness;
  docs: Docs;
  /** Throws to refuse. True if it has answered the request. */
  checkOrigin(request: IncomingMessage, response: ServerResponse): boolean;
  clients: Clients;
  rates: RateLimits;
  production: boolean;
};

/** Dispatches requests by their path. Any other path is answered 404. */
export function createHandler(routes: Routes): HttpHandler {
  const { clients, rates, protocols } = routes;
  const secure = securityHeaders(routes.production);
  const pages: Record<string, { calls: number; answer(): HttpAnswer | Promise<HttpAnswer> }> = {
    "/healthz": { calls: 1, answer: () => ({ status: 200, body: "ok" }) },
    "/readyz": { calls: READY_CALLS, answer: () => routes.readiness.answer() },
  };
  return async (request, response) => {
    const client = clients.of(request);
    // The client has left already.
    if (!client) return undefined;
    const { network } = client;
    if (rates.isCutOff(network)) return refuseConnection(request, response, client);
    secure(request, response);
    response.setHeader("cache-control", "no-store");
    const requestId = nameRequest(request);
    const path = pathOf(request);
    const provider = providerOf(path);
    if (provider !== undefined) {
      const exchange = { request, response };
      return carryCallback({ provider, network, requestId }, exchange, routes.callbacks);
    }
    response.setHeader(REQUEST_ID_HEADER, requestId);
    if (routes.checkOrigin(request, response)) return ANSWERED;
    const isCrowded = !clients.begin(network, response);
    if (protocols.serves(request)) {
      joinTokens(request);
      const call = new GatewayCall({ requestId, network, isCrowded });
      return protocols.answer(request, response, createContextValues().set(CALL, call));
    }
    if (isCrowded) {
      await rates.page(network, 1);
      throw busy();
    }
    const ifNoneMatch = request.headers["if-none-match"];
    const docs = routes.docs({ path, method: request.method, ifNoneMatch });
    if (docs) {
      const bytes = docs.body instanceof Uint8Array ? docs.body.length : 0;
      await rates.page(network, 1 + Math.floor(bytes / PAGE_BYTES_PER_CALL));
      return docs;
    }
    const page = pages[path];
    await rates.page(network, page?.calls ?? 1);
    if (!page) return notFound(request);
    if (request.method === "GET" || request.method === "HEAD") return page.answer();
    throw methodNotAllowed("GET", "HEAD");
  };
}

/** Closes a client's connection without an answer. A proxy's is not the client's alone. */
function refuseConnection(
  request: IncomingMessage,
  response: ServerResponse,
  { isProxied }: Client,
): HttpAnswer | undefined {
  if (isProxied) return new HttpProblem(429, "too many requests").answer;
  streamOf(response)?.session?.destroy();
  request.socket.destroy();
  return undefined;
}

/** 404, or for a gRPC client the gRPC status UNIMPLEMENTED. */
function notFound(request: IncomingMessage): HttpAnswer {
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("application/grpc")) {
    return new HttpProblem(404, "not found", { close: true }).answer;
  }
  const trailers = { "grpc-status": String(Code.Unimplemented), "grpc-message": "no such method" };
  return { status: 200, headers: { "content-type": type, ...trailers }, close: true };
}

/**
 * Joins several authorization headers into one bad header, which is then refused. Node would keep
 * the first, although another one may be the intended one.
 */
function joinTokens(request: IncomingMessage): void {
  const tokens = request.rawHeaders.filter((_, index, raw) => {
    return index % 2 === 1 && raw[index - 1]?.toLowerCase() === "authorization";
  });
  if (tokens.length > 1) request.headers.authorization = tokens.join(", ");
}

/** Sets the request's id, which is the client's or a new one, in its headers, and returns it. */
function nameRequest(request: IncomingMessage): string {
  const id = requestIdOf(request.headers[REQUEST_ID_HEADER]) ?? randomUUID();
  request.headers[REQUEST_ID_HEADER] = id;
  return id;
}

/**
 * Answers are data: they load nothing and no page frames them. HSTS is for production, which has
 * TLS.
 */
function securityHeaders(production: boolean) {
  const set = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    strictTransportSecurity: production && { maxAge: 31_536_000, includeSubDomains: false },
  });
  return (request: IncomingMessage, response: ServerResponse) =>
    set(request, response, (error) => {
      if (error) throw error;
    });
}
