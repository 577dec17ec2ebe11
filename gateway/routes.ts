import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Code, createContextValues } from "@connectrpc/connect";
import helmet from "helmet";
import proxyAddress from "proxy-addr";
import { type HttpAnswer, HttpProblem, methodNotAllowed, pathOf } from "#platform/http/answer.ts";
import { ANSWERED, type HttpHandler } from "#platform/http/server.ts";
import { ADDRESS } from "./admission.ts";
import { type CallbackRoute, carryCallback, providerOf } from "./callbacks.ts";
import type { Docs } from "./docs.ts";
import type { Protocols } from "./protocols.ts";
import type { Readiness } from "./readiness.ts";

/** A client may choose the id of its request, to find it in the logs. */
const REQUEST_ID = /^[\x21-\x7e]{1,64}$/;

type Routes = {
  protocols: Protocols;
  callbacks: CallbackRoute;
  readiness: Readiness;
  docs: Docs;
  /** Throws to refuse. True if it has answered the request. */
  checkOrigin(request: IncomingMessage, response: ServerResponse): boolean;
  trusts(address: string, n: number): boolean;
  production: boolean;
};

/** Dispatches requests by their path. Any other path is answered 404. */
export function createHandler(routes: Routes): HttpHandler {
  const secure = securityHeaders(routes.production);
  const pages: Record<string, () => HttpAnswer | Promise<HttpAnswer>> = {
    "/healthz": () => ({ status: 200, body: "ok" }),
    "/readyz": () => routes.readiness.answer(),
  };
  return async (request, response) => {
    secure(request, response);
    response.setHeader("cache-control", "no-store");
    const path = pathOf(request);
    const provider = providerOf(path);
    if (provider !== undefined) {
      return carryCallback(provider, { request, response }, routes.callbacks);
    }
    response.setHeader("x-request-id", nameRequest(request));
    if (routes.checkOrigin(request, response)) return ANSWERED;
    if (routes.protocols.serves(request)) {
      joinTokens(request);
      const address = proxyAddress(request, routes.trusts);
      const values = createContextValues().set(ADDRESS, address);
      return routes.protocols.answer(request, response, values);
    }
    const ifNoneMatch = request.headers["if-none-match"];
    const docs = routes.docs({ path, method: request.method, ifNoneMatch });
    if (docs) return docs;
    const page = pages[path];
    if (!page) return notFound(request);
    if (request.method === "GET" || request.method === "HEAD") return page();
    throw methodNotAllowed("GET", "HEAD");
  };
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
  const given = request.headers["x-request-id"];
  const id = typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
  request.headers["x-request-id"] = id;
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
