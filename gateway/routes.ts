import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Code, createContextValues } from "@connectrpc/connect";
import helmet from "helmet";
import proxyAddress from "proxy-addr";
import { type HttpAnswer, HttpProblem, pathOf } from "#platform/http/answer.ts";
import { ANSWERED, type HttpHandler } from "#platform/http/server.ts";
import { type CallbackDoor, carryCallback, providerOf } from "./callbacks.ts";
import type { Docs } from "./docs.ts";
import { ADDRESS } from "./gate.ts";
import type { Protocols } from "./protocols.ts";
import type { Readiness } from "./readiness.ts";

/** A client may name its request, so that it finds it in the logs. */
const REQUEST_ID = /^[\x21-\x7e]{1,64}$/;

export type Routes = {
  protocols: Protocols;
  callbacks: CallbackDoor;
  readiness: Readiness;
  docs: Docs;
  /** Refuses by throwing; whether it has answered. */
  checkOrigin(request: IncomingMessage, response: ServerResponse): boolean;
  trusts(address: string, n: number): boolean;
  production: boolean;
};

/** What the gateway answers to each path. Nothing but these exists. */
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
      showEveryToken(request);
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
    throw new HttpProblem(405, "GET only", { close: true, headers: { allow: "GET, HEAD" } });
  };
}

/** In a form that the client understands: gRPC wants a status of its own. */
function notFound(request: IncomingMessage): HttpAnswer {
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("application/grpc")) {
    return new HttpProblem(404, "not found", { close: true }).answer;
  }
  const trailers = { "grpc-status": String(Code.Unimplemented), "grpc-message": "no such method" };
  return { status: 200, headers: { "content-type": type, ...trailers }, close: true };
}

/** Node keeps the first authorization header of several: here they are refused, since the last might have been meant. */
function showEveryToken(request: IncomingMessage): void {
  const tokens = request.rawHeaders.filter((_, index, raw) => {
    return index % 2 === 1 && raw[index - 1]?.toLowerCase() === "authorization";
  });
  if (tokens.length > 1) request.headers.authorization = tokens.join(", ");
}

/** The client's name for its request, or a new one; the gate and the logs find it in the headers. */
function nameRequest(request: IncomingMessage): string {
  const given = request.headers["x-request-id"];
  const id = typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
  request.headers["x-request-id"] = id;
  return id;
}

/** Answers are data: they load nothing and are shown in no frame. HTTPS for good only where it is spoken. */
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
