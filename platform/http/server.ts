import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "../telemetry/log.ts";
import { Gate } from "../values/gate.ts";
import { ListenError } from "../values/listen-error.ts";
import {
  busy,
  cut,
  type HttpAnswer,
  HttpProblem,
  pathOf,
  streamOf,
  writeAnswer,
} from "./answer.ts";
import { type ConnectionBounds, Connections } from "./connections.ts";
import { serveHttp2 } from "./http2.ts";
import { endStalledAnswers } from "./stalled.ts";
import { inTurns } from "./turns.ts";

/** The result of a handler that has written its answer itself, to the end. */
export const ANSWERED = Symbol("answered");

/** Resolves with an answer to write. With undefined, the request is cut off without an answer. */
export type HttpHandler = (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<HttpAnswer | typeof ANSWERED | undefined>;

export type HttpLimits = {
  /** Bytes of all headers of a request together, and their number. */
  maxHeaderBytes: number;
  maxHeaders: number;
  /** From the first byte of a request to the end of its headers, and to the end of its body. */
  headersMs: number;
  requestMs: number;
  /** How long a client may leave an answer unread. */
  answerMs: number;
  /**
   * How long a connection may wait for its next request. Longer than load balancers keep an idle
   * connection, usually 60 seconds: otherwise one would send a request on a connection that is
   * being closed, and answer 502.
   */
  keepAliveMs: number;
  /** Concurrent requests. One more is answered 503. */
  maxInFlight: number;
  /**
   * Open connections, and those of one client. For one more, the connection that has been idle the
   * longest is closed.
   */
  maxConnections: number;
  maxConnectionsPerClient: number;
  /** How long stop() waits for accepted requests. */
  stopMs: number;
};

const DEFAULT_LIMITS: HttpLimits = {
  maxHeaderBytes: 16 * 1_024,
  maxHeaders: 100,
  headersMs: 5_000,
  requestMs: 10_000,
  answerMs: 30_000,
  keepAliveMs: 75_000,
  maxInFlight: 200,
  maxConnections: 1_000,
  maxConnectionsPerClient: 1_000,
  stopMs: 15_000,
};

/** Idle time after which TCP checks that the client still exists. */
const TCP_KEEP_ALIVE_MS = 60_000;
/** How often Node looks for requests that take too long. */
const CHECK_EVERY_MS = 500;
/** Time for the last answers to leave. */
const FLUSH_MS = 100;

export type HttpServer = {
  /** host:port, with the actual port if port 0 was requested. */
  address: string;
  port: number;
  /** Refuses new connections, finishes accepted requests, then closes. */
  stop(): Promise<void>;
};

/**
 * Starts a server of HTTP/1.1 without TLS, and with `http2` also of HTTP/2 on the same port. Every
 * input from outside is bounded. The handler receives requests of both protocols in one form;
 * `streamOf` distinguishes them.
 */
export async function startHttpServer(options: {
  listen: { host: string; port: number };
  handle: HttpHandler;
  log: Log;
  limits?: Partial<HttpLimits>;
  http2?: boolean;
  /** Whose connection one of this address is. @default no one's alone */
  clients?: Omit<ConnectionBounds, "max" | "maxPerClient">;
}): Promise<HttpServer> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { handle, log } = options;
  const gate = new Gate(limits.maxInFlight);
  const stalled = endStalledAnswers(limits.answerMs);
  const connections = new Connections({
    max: limits.maxConnections,
    maxPerClient: limits.maxConnectionsPerClient,
    ...(options.clients ?? { clientOf: () => undefined }),
  });
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    stalled.watch(response);
    if (!server.listening && !streamOf(response)) response.shouldKeepAlive = false;
    const problem = enter(request, { limits, gate });
    if (problem) writeAnswer(request, response, problem.answer).catch(() => {});
    else void serve(request, response, { handle, log }).finally(() => gate.leave());
  };
  const server = createBoundedServer(limits, inTurns(counting(connections, listener)));
  const http2 = options.http2
    ? serveHttp2(server, listener as never, { ...limits, connections })
    : undefined;
  boundConnections(server, connections);
  const { host } = options.listen;
  const port = await bind(server, options.listen);
  log.info({ address: `${host}:${port}` }, "listening");
  return {
    address: `${host}:${port}`,
    port,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const timer = new AbortController();
      const late = pause(limits.stopMs, undefined, { signal: timer.signal }).catch(() => {});
      await Promise.race([gate.idle(), late]);
      timer.abort();
      stalled.stop();
      http2?.close();
      await pause(FLUSH_MS);
      http2?.destroy();
      server.closeAllConnections();
      await closed;
    },
  };
}

function createBoundedServer(
  limits: HttpLimits,
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
    },
    listener,
  );
  // Node silently drops headers above its own count. `enter` counts and refuses them instead.
  server.maxHeadersCount = 0;
  // A client that waits for "100 Continue" gets it from readBody.
  server.on("checkContinue", listener);
  return server;
}

/** Counts the requests of each connection of HTTP/1.1. */
function counting(
  connections: Connections,
  serve: (request: IncomingMessage, response: ServerResponse) => void,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const { socket } = request;
    connections.begin(socket);
    response.once("close", () => connections.end(socket));
    serve(request, response);
  };
}

/** Accepts connections within the bounds, before any other listener of the server sees them. */
function boundConnections(server: Server, connections: Connections): void {
  const serve = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    if (!connections.accept(socket)) return;
    for (const each of serve) each.call(server, socket);
  });
}

/** Enters the gate, or returns why the request is refused without a handler. */
function enter(
  request: IncomingMessage,
  { limits, gate }: { limits: HttpLimits; gate: Gate },
): HttpProblem | undefined {
  if (request.rawHeaders.length / 2 > limits.maxHeaders) {
    return new HttpProblem(431, "too many headers", { close: true });
  }
  return gate.enter() ? undefined : busy();
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { handle, log }: { handle: HttpHandler; log: Log },
): Promise<void> {
  try {
    const answer = await handle(request, response);
    if (answer === ANSWERED) return;
    if (answer === undefined) cut(request, response);
    else await writeAnswer(request, response, answer);
  } catch (error) {
    if (error instanceof HttpProblem) {
      await writeAnswer(request, response, error.answer).catch(() => {});
    } else if (response.closed || request.socket.destroyed) {
      log.debug({ err: error }, "the client left");
    } else {
      log.error({ err: error, path: pathOf(request) }, "a request failed");
      const { answer } = new HttpProblem(500, "internal error", { close: true });
      await writeAnswer(request, response, answer).catch(() => {});
    }
  }
}

function bind(server: Server, listen: { host: string; port: number }): Promise<number> {
  const host = listen.host.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) =>
      reject(new ListenError(`${listen.host}:${listen.port}`, error));
    server.once("error", refuse);
    server.listen({ host, port: listen.port }, () => {
      server.off("error", refuse);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
