import type { IncomingMessage, ServerResponse } from "node:http";
import type { Registry } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type ConnectRouterOptions,
  type ContextValues,
  createConnectRouter,
} from "@connectrpc/connect";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { authorityOf, HttpProblem, pathOf, streamOf } from "#platform/http/answer.ts";
import { ANSWERED } from "#platform/http/server.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { MAX_DEADLINE_MS, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, MAX_STREAM_MS } from "./limits.ts";
import { exactJson } from "./malformed.ts";

export type Protocols = {
  /** Whether this is the path of a call. */
  serves(request: IncomingMessage): boolean;
  /** Resolves when the answer, which may be a stream, has come to its end. */
  answer(
    request: IncomingMessage,
    response: ServerResponse,
    values: ContextValues,
  ): Promise<typeof ANSWERED>;
};

/** Of streams. Those of other calls are the router's own. */
export const STREAM_OPTIONS = { maxTimeoutMs: MAX_STREAM_MS };

/**
 * Connect, gRPC-Web and gRPC, JSON and binary, for the routes that are given, within the gateway's limits.
 */
export function createProtocols(options: {
  routes: (router: ConnectRouter) => void;
  log: Log;
  /** Looks at the headers of a call, before its body is read. */
  gate?: ConnectRouterOptions["requestGate"];
  /** Ends streams when it is aborted. */
  shutdown?: AbortSignal;
  /** Of a request; default MAX_REQUEST_BYTES. */
  maxRequestBytes?: number | undefined;
  /** The messages that may be within a google.protobuf.Any, which JSON names. Default: none. */
  registry?: Registry;
}): Protocols {
  const { log } = options;
  // Connect reads a text decoder from these, which its types leave out.
  const jsonOptions = {
    ignoreUnknownFields: false,
    textDecoder: exactJson,
    registry: options.registry,
  };
  const router = createConnectRouter({
    requestGate: options.gate,
    shutdownSignal: options.shutdown,
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes: options.maxRequestBytes ?? MAX_REQUEST_BYTES,
    writeMaxBytes: MAX_RESPONSE_BYTES,
    maxTimeoutMs: MAX_DEADLINE_MS,
    jsonOptions,
  });
  options.routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return {
    serves: (request) => handlers.has(pathOf(request)),
    async answer(request, response, values) {
      const handler = handlers.get(pathOf(request));
      if (!handler) throw new HttpProblem(404, "not found", { close: true });
      requireAuthority(request);
      const ended = new Promise<void>((resolve) => response.once("close", resolve));
      const call = universalRequestFromNodeRequest(request, response, undefined, values);
      handler({ ...call, ...readToItsEnd(request, response) })
        .then((answer) => universalResponseToNodeResponse(answer, response))
        .catch((error: unknown) => {
          const level = ConnectError.from(error).code === Code.Aborted ? "debug" : "warn";
          log[level]({ err: error, method: handler.requestPath }, "an answer was not sent");
          if (!response.writableEnded) response.destroy();
        });
      await ended;
      return ANSWERED;
    },
  };
}

/** The adapter makes a URL of it, and must not throw where nobody catches. */
function requireAuthority(request: IncomingMessage): void {
  const authority = authorityOf(request);
  if (authority !== undefined && URL.canParse(`http://${authority}`)) return;
  throw new HttpProblem(400, "the request names no host", { close: true });
}

/**
 * A request over HTTP/1.1 that is answered before its end, because it is too large, is in the way of the next one on
 * the connection. So it is read to its end, within the time that a request has. The adapter's own reader would destroy
 * it there, after which nothing reads on; Node passes over a body only where nothing of it was read.
 */
function readToItsEnd(request: IncomingMessage, response: ServerResponse) {
  if (streamOf(response)) return {};
  response.once("finish", () => request.resume());
  return { body: request.iterator({ destroyOnReturn: false }) };
}
