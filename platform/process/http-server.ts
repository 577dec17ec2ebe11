import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "./log.ts";

export type HttpAnswer = {
  status: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array | Readable;
  /** Nothing more is read from the connection; it ends with this answer. */
  close?: boolean;
};

/** An answer that is thrown, such as for a body that is too large. */
export class HttpProblem extends Error {
  readonly answer: HttpAnswer;

  constructor(status: number, text: string, answer: Partial<HttpAnswer> = {}) {
    super(text);
    this.name = "HttpProblem";
    this.answer = { status, ...answer, ...plainText(text, answer.headers) };
  }
}

/** undefined: the connection is cut without an answer. */
export type HttpHandler = (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<HttpAnswer | undefined>;

export type HttpLimits = {
  /** Of all headers together, and how many of them. */
  maxHeaderBytes: number;
  maxHeaders: number;
  /** From the first byte of a request to the last of its headers, and of its body. */
  headersMs: number;
  requestMs: number;
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
  keepAliveMs: 60_000,
  maxInFlight: 200,
  maxConnections: 1_000,
  stopMs: 15_000,
};

/** How often connections are looked at for requests that take too long. */
const CHECK_EVERY_MS = 500;
/** A client that still sends must not lose the answer to a reset of the connection. */
const LINGER_MS = 500;
/** For the last answers to leave. */
const FLUSH_MS = 100;

export type HttpServer = {
  address: string;
  port: number;
  /** Takes no new connections, finishes what was accepted, then closes. */
  stop(): Promise<void>;
};

/** Serves plain HTTP/1.1 with a bound for everything that comes from outside. */
export async function startHttpServer(options: {
  listen: { host: string; port: number };
  handle: HttpHandler;
  log: Log;
  limits?: Partial<HttpLimits>;
}): Promise<HttpServer> {
  const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
  const { handle, log } = options;
  const underWay = new Set<Promise<void>>();
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    if (!server.listening) response.shouldKeepAlive = false;
    const problem = refusedAtOnce(request, limits, underWay.size);
    const work = problem
      ? write(request, response, problem.answer).catch(() => {})
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
    },
    listener,
  );
  // Node would cut off what is above its own count in silence; here it is counted and refused.
  server.maxHeadersCount = 0;
  server.maxConnections = limits.maxConnections;
  // readBody says when to go on.
  server.on("checkContinue", listener);
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
      await pause(FLUSH_MS);
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
    if (answer === undefined) request.socket.destroy();
    else await write(request, response, answer);
  } catch (error) {
    if (error instanceof HttpProblem) {
      await write(request, response, error.answer).catch(() => {});
    } else if (request.socket.destroyed) {
      log.debug({ err: error }, "the client left");
    } else {
      log.error({ err: error, path: pathOf(request) }, "a request failed");
      const { answer } = new HttpProblem(500, "internal error", { close: true });
      await write(request, response, answer).catch(() => {});
    }
  }
}

async function write(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers = {}, body = "", close = false }: HttpAnswer,
): Promise<void> {
  if (response.headersSent || response.destroyed) {
    request.socket.destroy();
    return;
  }
  const common = { "cache-control": "no-store", "x-content-type-options": "nosniff", ...headers };
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    response.writeHead(status, common);
    await pipeline(body, response);
    return;
  }
  const bytes = Buffer.from(body);
  const withoutBody = request.method === "HEAD" || status === 204 || status === 304;
  if (!close) {
    response.writeHead(status, { ...common, "content-length": String(bytes.length) });
    response.end(withoutBody ? undefined : bytes);
    return;
  }
  // Past the response object, which would first read the rest of the request.
  request.pause();
  response.writeHead(status, {
    ...common,
    connection: "close",
    "content-length": String(bytes.length),
  });
  response.flushHeaders();
  if (!withoutBody && bytes.length > 0) response.write(bytes);
  request.socket.end();
  setTimeout(() => request.socket.destroy(), LINGER_MS).unref();
}

/**
 * The raw body, nothing decoded. A larger one is answered 413, and the connection is closed without reading on.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<Buffer> {
  const tooLarge = () => new HttpProblem(413, `at most ${maxBytes} bytes`, { close: true });
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge();
  if (request.headers.expect !== undefined) response.writeContinue();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.off("data", onData);
      request.pause();
      reject(tooLarge());
    };
    request.on("data", onData);
    request.once("end", () => resolve(Buffer.concat(chunks)));
    request.once("error", reject);
    request.once("close", () => reject(new Error("the client left within its body")));
  });
}

/** Without the query; whatever a client may send as the target of its request. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? "").split(/[?#]/, 1)[0] ?? "";
}

function plainText(text: string, headers: Record<string, string> = {}) {
  return {
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
    body: `${text}\n`,
  };
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
