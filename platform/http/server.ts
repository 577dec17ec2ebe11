import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "../telemetry/log.ts";
import { cut, type HttpAnswer, HttpProblem, pathOf, streamOf, writeAnswer } from "./answer.ts";
import { openHttp2 } from "./http2-door.ts";
import { endStalledAnswers } from "./stalled.ts";

/** What a handler says that has written its answer itself, to its end. */
export const ANSWERED = Symbol("answered");

/** undefined: the request is cut without an answer. */
export type HttpHandler = (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<HttpAnswer | typeof ANSWERED | undefined>;

export type HttpLimits = {
  /** Of all headers together, and how many of them. */
  maxHeaderBytes: number;
  maxHeaders: number;
  /** From the first byte of a request to the last of its headers, and of its body. */
  headersMs: number;
  requestMs: number;
  /** How long a client may take nothing of an answer that waits for it. */
  answerMs: number;
  /** How long a connection may wait for its next request. */
  keepAliveMs: number;
  /** Requests at the same time; one more is answered 503. Connections: one more is not taken. */
  maxInFlight: number;
  maxConnections: number;
  /** How long stop() waits for what was accepted. */
  stopMs: number;
};

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  maxHeaderBytes: 16 * 1_024,
  maxHeaders: 100,
  headersMs: 5_000,
  requestMs: 10_000,
  answerMs: 30_000,
  keepAliveMs: 60_000,
  maxInFlight: 200,
  maxConnections: 1_000,
  stopMs: 15_000,
};

/** When a connection without traffic is asked whether its client is still there. */
const TCP_KEEP_ALIVE_MS = 60_000;
/** How often connections are looked at for requests that take too long. */
const CHECK_EVERY_MS = 500;
/** For the last answers to leave. */
const FLUSH_MS = 100;

export type HttpServer = {
  address: string;
  port: number;
  /** Takes no new connections, finishes what was accepted, then closes. */
  stop(): Promise<void>;
};

/**
 * Serves plain HTTP/1.1, and HTTP/2 on the same port where `http2` says so, with a bound for everything that comes from
 * outside. The handler sees requests of both alike; `streamOf` tells them apart.
 */
export async function startHttpServer(options: {
  listen: { host: string; port: number };
  handle: HttpHandler;
  log: Log;
  limits?: Partial<HttpLimits>;
  http2?: boolean;
}): Promise<HttpServer> {
  const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
  const { handle, log } = options;
  const underWay = new Set<Promise<void>>();
  const stalled = endStalledAnswers(limits.answerMs);
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    stalled.watch(response);
    if (!server.listening && !streamOf(response)) response.shouldKeepAlive = false;
    const problem = refusedAtOnce(request, limits, underWay.size);
    const work = problem
      ? writeAnswer(request, response, problem.answer).catch(() => {})
      : serve(request, response, { handle, log });
    const done = work.finally(() => underWay.delete(done));
    underWay.add(done);
  };
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
  // Node would cut off what is above its own count in silence; here it is counted and refused.
  server.maxHeadersCount = 0;
  server.maxConnections = limits.maxConnections;
  // readBody says when to go on.
  server.on("checkContinue", listener);
  const http2 = options.http2 ? openHttp2(server, listener as never, limits) : undefined;
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
      await Promise.race([Promise.all(underWay), late]);
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

function refusedAtOnce(
  request: IncomingMessage,
  limits: HttpLimits,
  inFlight: number,
): HttpProblem | undefined {
  if (request.rawHeaders.length / 2 > limits.maxHeaders) {
    return new HttpProblem(431, "too many headers", { close: true });
  }
  if (inFlight < limits.maxInFlight) return undefined;
  return new HttpProblem(503, "busy", { close: true, headers: { "retry-after": "1" } });
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
    server.once("error", reject);
    server.listen({ host, port: listen.port }, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
