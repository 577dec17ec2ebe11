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
import { cacheable } from "./caching.ts";
import {
  MAX_DEADLINE_MS,
  MAX_REQUEST_BYTES,
  MAX_RESPONSE_BYTES,
  MAX_STREAM_MS,
  MAX_URL_LENGTH,
} from "./limits.ts";
import { exactJson } from "./malformed.ts";

export type Protocols = {
  /** Whether the request's path is that of a method. */
  serves(request: IncomingMessage): boolean;
  /** Resolves when the answer, which may be a stream, has ended. */
  answer(
    request: IncomingMessage,
    response: ServerResponse,
    values: ContextValues,
  ): Promise<typeof ANSWERED>;
};

/** Router options of a streaming method. Those of unary methods are the router's own. */
export const STREAM_OPTIONS = { maxTimeoutMs: MAX_STREAM_MS };

/**
 * How JSON is read. Connect also reads `textDecoder`, which its types do not have.
 * `registry` has the messages that a google.protobuf.Any may contain.
 */
export function jsonOptionsOf(
  textDecoder: { decode(bytes?: Uint8Array): string },
  registry?: Registry,
) {
  return { ignoreUnknownFields: false, textDecoder, registry };
}

/** Serves the routes over Connect, gRPC-Web and gRPC, in JSON and binary, within the limits. */
export function createProtocols(options: {
  routes: (router: ConnectRouter) => void;
  log: Log;
  /** Admits a call by its headers, before its body is read. It refuses by throwing. */
  admit?: ConnectRouterOptions["requestGate"];
  /** Ends all streams when it is aborted. */
  shutdown?: AbortSignal;
  /** @default MAX_REQUEST_BYTES */
  maxRequestBytes?: number | undefined;
  /** The messages that a google.protobuf.Any may contain in JSON. @default none */
  registry?: Registry;
}): Protocols {
  const { log } = options;
  const jsonOptions = jsonOptionsOf(exactJson, options.registry);
  const router = createConnectRouter({
    requestGate: options.admit,
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
      checkUrl(request);
      const ended = new Promise<void>((resolve) => response.once("close", resolve));
      const call = universalRequestFromNodeRequest(request, response, undefined, values);
      handler({ ...call, ...readToEnd(request, response) })
        .then((answer) => {
          // HTTP requires it (RFC 9110, 15.5.6), and Connect omits it.
          if (answer.status === 405) response.setHeader("allow", handler.allowedMethods.join(", "));
          return cacheable(request, handler.method, answer);
        })
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

/** Throws 400 for a host that is no URL host: the adapter would throw where nothing catches it. */
function requireAuthority(request: IncomingMessage): void {
  const authority = authorityOf(request);
  if (authority !== undefined && URL.canParse(`http://${authority}`)) return;
  throw new HttpProblem(400, "the request names no host", { close: true });
}

/**
 * Throws 414 for a URL that is too long, and 400 for one with a character that it may have only
 * percent-encoded: the message of a GET request would be read in another encoding, or cut at a #.
 */
function checkUrl(request: IncomingMessage): void {
  if ((request.url ?? "").length > MAX_URL_LENGTH) {
    throw new HttpProblem(414, `at most ${MAX_URL_LENGTH} characters`, { close: true });
  }
  if (/^[!"$-~]*$/.test(request.url ?? "")) return;
  throw new HttpProblem(400, "the URL must be percent-encoded", { close: true });
}

/**
 * Reads a request over HTTP/1.1 to its end, also if it is answered earlier because it is too large.
 * Otherwise its rest would block the next request on the connection. The adapter's own reader
 * destroys the request instead, and Node discards a body only if none of it was read.
 */
function readToEnd(request: IncomingMessage, response: ServerResponse) {
  if (streamOf(response)) return {};
  response.once("finish", () => request.resume());
  return { body: request.iterator({ destroyOnReturn: false }) };
}
