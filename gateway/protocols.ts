import type { IncomingMessage, ServerResponse } from "node:http";
import type { DescMethod, Registry } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type ConnectRouterOptions,
  type ContextValues,
  createConnectRouter,
} from "@connectrpc/connect";
import {
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { authorityOf, HttpProblem, pathOf } from "#platform/http/answer.ts";
import { ANSWERED } from "#platform/http/server.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { cacheable } from "./caching.ts";
import { CALL, type GatewayCall } from "./gateway-call.ts";
import {
  MAX_DEADLINE_MS,
  MAX_REQUEST_BYTES,
  MAX_RESPONSE_BYTES,
  MAX_STREAM_MS,
  MAX_URL_LENGTH,
} from "./limits.ts";
import { exactJson, type TextDecoding } from "./malformed.ts";
import { bodyWithin, COMPRESSIONS } from "./request-body.ts";
import type { RequestBounds } from "./request-bounds.ts";
import type { Shares } from "./shares.ts";
import { counted } from "./unread.ts";

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
export function jsonOptionsOf(textDecoder: TextDecoding, registry?: Registry) {
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
  /** Of the requests of a method. @default maxRequestBytes, and any number of values */
  boundsOf?: (method: DescMethod) => RequestBounds;
  /** Counts bytes of answers until their clients have read them. @default not counted */
  unread?: Shares;
  /** Called when a call has ended. */
  onEnd?: (call: GatewayCall, method: DescMethod) => void;
  /** The messages that a google.protobuf.Any may contain in JSON. @default none */
  registry?: Registry;
}): Protocols {
  const { log, unread, maxRequestBytes = MAX_REQUEST_BYTES } = options;
  const { POSITIVE_INFINITY: any } = Number;
  const unbounded = { bytes: maxRequestBytes, values: any, ratio: any };
  const { boundsOf = () => unbounded } = options;
  const jsonOptions = jsonOptionsOf(exactJson(), options.registry);
  const router = createConnectRouter({
    requestGate: options.admit,
    shutdownSignal: options.shutdown,
    acceptCompression: [...COMPRESSIONS],
    readMaxBytes: maxRequestBytes,
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
      const received = universalRequestFromNodeRequest(request, response, undefined, values);
      const call = values.get(CALL);
      // The rest of a request that is answered before its end, because it is too large, is read and
      // discarded: otherwise it would block the next requests on the connection.
      response.once("finish", () => request.resume());
      const { method } = handler;
      const body = bodyWithin(boundsOf(method), { request, method, call, header: received.header });
      const isUnary = method.methodKind === "unary";
      const answering = handler({ ...received, body });
      // A unary call is under way until its service has answered, also when its client has left.
      if (isUnary) answering.finally(() => call.release()).catch(() => {});
      else void ended.then(() => call.release());
      answering
        .then((answer) => {
          // HTTP requires it (RFC 9110, 15.5.6), and Connect omits it.
          if (answer.status === 405) response.setHeader("allow", handler.allowedMethods.join(", "));
          return cacheable(request, method, answer);
        })
        .then((answer) => (isUnary ? counted(answer, { unread, call, ended }) : answer))
        .then((answer) => universalResponseToNodeResponse(answer, response))
        .catch((error: unknown) => {
          const level = ConnectError.from(error).code === Code.Aborted ? "debug" : "warn";
          log[level]({ err: error, method: handler.requestPath }, "an answer was not sent");
          if (!response.writableEnded) response.destroy();
        });
      await ended;
      options.onEnd?.(call, method);
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
