import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerResponse } from "node:http2";
import { isIPv4 } from "node:net";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

export type HttpAnswer = {
  status: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array | Readable;
  /** Stops reading the request. Over HTTP/1.1 the connection ends with this answer. */
  close?: boolean;
};

/** An answer to throw, such as 413 for a body that is too large. The text is the body. */
export class HttpProblem extends Error {
  readonly answer: HttpAnswer;

  constructor(status: number, text: string, answer: Partial<HttpAnswer> = {}) {
    super(text);
    this.name = "HttpProblem";
    this.answer = { status, ...answer, ...plainText(text, answer.headers) };
  }
}

/** 503 for a request beyond a limit of concurrent ones. */
export function busy(): HttpProblem {
  return new HttpProblem(503, "busy", { close: true, headers: { "retry-after": "1" } });
}

/** 405 for a method other than these. */
export function methodNotAllowed(...allowed: [string, ...string[]]): HttpProblem {
  const headers = { allow: allowed.join(", ") };
  return new HttpProblem(405, `${allowed[0]} only`, { close: true, headers });
}

/** By default, answers are not cached and browsers do not guess their type. */
const DEFAULT_HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** Time for a client that is still sending to read the answer before the connection is reset. */
const LINGER_MS = 500;

/** Writes the answer. If the response has already begun, it cuts the response off instead. */
export async function writeAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers = {}, body = "", close = false }: HttpAnswer,
): Promise<void> {
  if (response.headersSent || response.writableEnded) {
    cut(request, response);
    return;
  }
  for (const [name, value] of Object.entries(DEFAULT_HEADERS)) {
    if (!response.hasHeader(name)) response.setHeader(name, value);
  }
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    response.writeHead(status, headers);
    await pipeline(body, response);
    return;
  }
  // Not copied: many answers may have the same bytes, and wait for clients that read slowly.
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const withoutBody = request.method === "HEAD" || status === 204 || status === 304;
  const sent = withoutBody ? Buffer.alloc(0) : bytes;
  const whole = { status, headers: { ...headers, "content-length": String(bytes.length) }, sent };
  if (!close) {
    response.writeHead(status, whole.headers);
    response.end(sent);
    return;
  }
  const stream = streamOf(response);
  if (stream) closeStream(request, response, { ...whole, stream });
  else closeConnection(request, response, whole);
}

type WholeAnswer = { status: number; headers: Record<string, string>; sent: Uint8Array };

function closeStream(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, sent, stream }: WholeAnswer & { stream: Http2ServerResponse["stream"] },
): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  // Without a body, the headers end the stream: the form that gRPC requires of an error.
  response.end(sent.length > 0 ? sent : undefined);
  // The rest of the request is discarded. If there is still more of it later, the stream is reset.
  request.resume();
  const late = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), LINGER_MS);
  stream.once("close", () => clearTimeout(late));
}

function closeConnection(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, sent }: WholeAnswer,
): void {
  request.pause();
  // Ends the socket instead of the response, which would read the rest of the request first.
  response.writeHead(status, { ...headers, connection: "close" });
  response.flushHeaders();
  if (sent.length > 0) response.write(sent);
  request.socket.end();
  setTimeout(() => request.socket.destroy(), LINGER_MS).unref();
}

/** Ends the request without an answer: its stream over HTTP/2, its connection over HTTP/1.1. */
export function cut(request: IncomingMessage, response: ServerResponse): void {
  const stream = streamOf(response);
  if (stream) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else request.socket.destroy();
}

/**
 * The raw body, not decoded. For a body above `maxBytes` it throws 413 and does not read on; for a
 * client that leaves before the end it throws an Error.
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
    request.once("close", () => {
      if (!request.readableEnded) reject(new Error("the client left before the end of its body"));
    });
  });
}

/** The path without the query. A client may send anything here, also an absolute URL or "*". */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? "").split(/[?#]/, 1)[0] ?? "";
}

/** The host that a request names, over HTTP/1.1 or HTTP/2. */
export function authorityOf(request: IncomingMessage): string | undefined {
  const authority = request.headers[":authority"] ?? request.headers.host;
  return typeof authority === "string" ? authority : undefined;
}

/**
 * Whether a request names its host by an address or as localhost. The owner of any other name can
 * make it resolve to this machine, so that a page of that name reaches it (DNS rebinding).
 */
export function isToAddress(request: IncomingMessage): boolean {
  const hostname = URL.parse(`http://${authorityOf(request)}`)?.hostname ?? "";
  return hostname.startsWith("[") || isIPv4(hostname) || hostname === "localhost";
}

/** The HTTP/2 stream of a response. Undefined over HTTP/1.1. */
export function streamOf(response: ServerResponse): Http2ServerResponse["stream"] | undefined {
  return (response as unknown as Partial<Http2ServerResponse>).stream;
}

function plainText(text: string, headers: Record<string, string> = {}) {
  return {
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
    body: `${text}\n`,
  };
}
